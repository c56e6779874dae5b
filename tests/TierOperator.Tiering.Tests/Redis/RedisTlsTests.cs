using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Redis;

/// <summary>TLS with an authority of one's own, and a client certificate.</summary>
public sealed class RedisTlsTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tier-tls-");
    private readonly X509Certificate2 _authority = Authority();
    private X509Certificate2 _client = null!;
    private RedisServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        Write("ca.crt", _authority.ExportCertificatePem());
        using var server = Issue("redis.test", IPAddress.Loopback);
        _client = Issue("sidecar", null);
        Write("server.crt", server.ExportCertificatePem());
        Write("server.key", server.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        Write("client.crt", _client.ExportCertificatePem());
        Write("client.key", _client.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        string[] files = ["--cacert", PathOf("ca.crt"), "--cert", PathOf("client.crt"), "--key", PathOf("client.key")];
        _server = await RedisServer.StartTlsAsync(
            ["--tls", .. files], ["--tls-ca-cert-file", PathOf("ca.crt"), "--tls-cert-file", PathOf("server.crt"), "--tls-key-file", PathOf("server.key")]);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
        _client.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task Tier_TrustedAuthorityAndClientCertificate_IsHealthy()
    {
        await using var tier = await RedisTiers.OpenHealthyAsync(Url, change: all => all with { Tls = new RedisTls { TrustedRoots = [_authority], ClientCertificate = _client } });

        Assert.Equal(RemoteReadStatus.NotFound, (await tier.ReadItemAsync("s"u8.ToArray(), "i"u8.ToArray(), default)).Status);
    }

    [Theory]
    [InlineData(false, null, "ca.crt")]
    [InlineData(true, "other.test", "for another host")]
    public async Task Tier_CertificateThatDoesNotFit_IsRefused(bool trusts, string? name, string reason)
    {
        var tls = new RedisTls { TrustedRoots = trusts ? [_authority] : null, ClientCertificate = _client, ServerName = name };
        await using var tier = RedisTiers.Open(Url, change: all => all with { Tls = tls });
        tier.Start();

        await RedisTiers.IsAsync(tier, RemoteHealth.Unavailable);

        Assert.Contains("certificate is not to be trusted", tier.State.Reason, StringComparison.Ordinal);
        Assert.Contains(reason, tier.State.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tier_CertificateThatHasExpired_SaysSo()
    {
        using var old = Issue("redis.test", IPAddress.Loopback, DateTimeOffset.UnixEpoch.AddYears(51));
        Write("old.crt", old.ExportCertificatePem());
        Write("old.key", old.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        string[] files = ["--cacert", PathOf("ca.crt"), "--cert", PathOf("client.crt"), "--key", PathOf("client.key")];
        await using var server = await RedisServer.StartTlsAsync(
            ["--tls", "--insecure", .. files], ["--tls-ca-cert-file", PathOf("ca.crt"), "--tls-cert-file", PathOf("old.crt"), "--tls-key-file", PathOf("old.key")]);
        await using var tier = RedisTiers.Open($"rediss://127.0.0.1:{server.Port}", change: all => all with { Tls = new RedisTls { TrustedRoots = [_authority], ClientCertificate = _client } });
        tier.Start();

        await RedisTiers.IsAsync(tier, RemoteHealth.Unavailable);

        Assert.Contains("has expired", tier.State.Reason, StringComparison.Ordinal);
    }

    private string Url => $"rediss://127.0.0.1:{_server.Port}";

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
    private void Write(string name, string pem) => File.WriteAllText(PathOf(name), pem);

    private static X509Certificate2 Authority()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
    }

    private X509Certificate2 Issue(string name, IPAddress? address, DateTimeOffset? until = null)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (address is not null) names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_authority, DateTimeOffset.UnixEpoch.AddYears(50), until ?? DateTimeOffset.UnixEpoch.AddYears(99), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }
}
