using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.Routes;

/// <summary>Origins behind TLS: only the authority that the policy names is believed, and the route's own certificate is shown.</summary>
public sealed class RouteTlsTests : IDisposable
{
    private readonly TempFolder _secrets = new();
    private readonly X509Certificate2 _authority = Authority("CN=ours");
    private X509Certificate2? _server;

    [Fact]
    public async Task Origin_OfTheNamedAuthority_IsBelievedAndSeesTheClientsCertificate()
    {
        string? seen = null;
        _server = Leaf(_authority, "CN=origin");
        using var client = Leaf(_authority, "CN=sidecar");
        WriteSecret("ca", ("ca.crt", _authority.ExportCertificatePem()));
        WriteSecret("me", ("tls.crt", client.ExportCertificatePem()), ("tls.key", client.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem()));
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"), 0, stream => SecureAsync(stream, certificate => seen = certificate?.Subject));
        await using var sidecar = await StartAsync(origin, "caSecretRef: {name: ca}, clientCertSecretRef: {name: me}");

        var body = await sidecar.Http.GetStringAsync("/a");

        Assert.Equal("body", body);
        Assert.Equal("CN=sidecar", seen);
    }

    [Fact]
    public async Task Origin_OfAnotherAuthority_IsNotBelieved()
    {
        using var other = Authority("CN=theirs");
        _server = Leaf(other, "CN=origin");
        WriteSecret("ca", ("ca.crt", _authority.ExportCertificatePem()));
        await using var origin = new ScriptedOrigin(_ => OriginReply.Of("body"), 0, stream => SecureAsync(stream, _ => { }));
        await using var sidecar = await StartAsync(origin, "caSecretRef: {name: ca}");

        await sidecar.SendAsync(HttpMethod.Get, "/a").AssertProblemAsync(502, "origin-unreachable");

        Assert.Empty(origin.Seen);
    }

    public void Dispose()
    {
        _server?.Dispose();
        _authority.Dispose();
        _secrets.Dispose();
    }

    private Task<RunningSidecar> StartAsync(ScriptedOrigin origin, string tls) => RunningSidecar.StartAsync(
        RoutePolicies.With($$"""
                - name: all
                  match: {path: "/{**rest}"}
                  origin: {destinations: ["https://127.0.0.1:{{origin.Port}}"], tls: { {{tls}} } }
            """),
        "--secrets", _secrets.File("secrets"));

    private void WriteSecret(string name, params (string Entry, string Text)[] entries)
    {
        Directory.CreateDirectory(_secrets.File("secrets/" + name));
        foreach (var (entry, text) in entries) File.WriteAllText(_secrets.File($"secrets/{name}/{entry}"), text);
    }

    private async Task<Stream> SecureAsync(Stream stream, Action<X509Certificate?> sees)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false, (_, shown, _, _) =>
        {
            sees(shown);
            return shown is null || shown.Issuer == "CN=ours";
        });
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _server, ClientCertificateRequired = true });
        return secure;
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Yesterday.AddDays(-1), Tomorrow.AddDays(1));
    }

    private static X509Certificate2 Leaf(X509Certificate2 authority, string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(authority, Yesterday, Tomorrow, RandomNumberGenerator.GetBytes(8));
        using var withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private static DateTimeOffset Yesterday => TimeProvider.System.GetUtcNow().AddDays(-1);
    private static DateTimeOffset Tomorrow => TimeProvider.System.GetUtcNow().AddHours(12);
}
