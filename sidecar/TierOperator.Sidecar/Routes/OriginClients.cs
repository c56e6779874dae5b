using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TierOperator.Policy.Documents;
using Yarp.ReverseProxy.Forwarder;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// The proxy's connections to origins. Certificates are always verified: against the system's roots, or against the one
/// authority that the policy names.
/// </summary>
internal sealed class OriginClients(string? secretsFolder) : ForwarderHttpClientFactory
{
    private const int LargestHeadKib = 30;
    private static readonly TimeSpan s_connect = TimeSpan.FromSeconds(5);

    protected override bool CanReuseOldClient(ForwarderHttpClientContext context)
        => base.CanReuseOldClient(context) && SameMetadata(context.OldMetadata, context.NewMetadata);

    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.MaxResponseHeadersLength = LargestHeadKib;
        handler.ConnectTimeout = s_connect;
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(10);
        handler.AllowAutoRedirect = false;
        handler.UseCookies = false;
        handler.UseProxy = false;
        handler.AutomaticDecompression = DecompressionMethods.None;
        if (Secret(context, ProxyConfig.CaKey) is { } ca) handler.SslOptions.CertificateChainPolicy = TrustOnly(ca);
        if (Secret(context, ProxyConfig.ClientCertKey) is { } own) handler.SslOptions.ClientCertificates = [OwnCertificate(own)];
        if (context.NewMetadata?[ProxyConfig.ProtocolKey] == nameof(OriginProtocol.Http1))
            handler.SslOptions.ApplicationProtocols = [SslApplicationProtocol.Http11];
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler)
        => new StrictAnswers(base.WrapHandler(context, handler));

    /// <summary>What is missing of a route's secrets, as a sentence; null when all is there and readable.</summary>
    public string? Missing(string route, string? caSecret, string? clientCertSecret)
    {
        try
        {
            if (caSecret is not null) TrustOnly(caSecret);
            if (clientCertSecret is not null) OwnCertificate(clientCertSecret).Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or InvalidOperationException)
        {
            return $"the route {route}: {e.Message}";
        }
    }

    private X509ChainPolicy TrustOnly(string secret)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(PathOf(secret, "ca.crt"));
        if (policy.CustomTrustStore.Count == 0) throw new InvalidOperationException($"{secret}/ca.crt holds no certificate");
        return policy;
    }

    private X509Certificate2 OwnCertificate(string secret) => X509Certificate2.CreateFromPemFile(PathOf(secret, "tls.crt"), PathOf(secret, "tls.key"));

    private string PathOf(string secret, string entry)
        => Path.Combine(secretsFolder ?? throw new InvalidOperationException($"the secret \"{secret}\" is asked for: name the folder of secrets with --secrets DIR"), secret, entry);

    private static string? Secret(ForwarderHttpClientContext context, string key) => context.NewMetadata?.GetValueOrDefault(key);

    private static bool SameMetadata(IReadOnlyDictionary<string, string>? before, IReadOnlyDictionary<string, string>? after)
        => (before?.Count ?? 0) == (after?.Count ?? 0) && (before ?? new Dictionary<string, string>()).All(pair => after!.GetValueOrDefault(pair.Key) == pair.Value);
}
