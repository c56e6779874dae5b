using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace TierOperator.Kubernetes.Connection;

/// <summary>Makes the one HttpClient of a connection.</summary>
internal static class ApiTransport
{
    public static HttpClient CreateHttpClient(ClusterConnection connection, string userAgent)
    {
        var client = new HttpClient(CreateHandler(connection))
        {
            BaseAddress = connection.Server,
            Timeout = Timeout.InfiniteTimeSpan, // watches live for minutes; other requests have a deadline of their own
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        client.DefaultRequestHeaders.UserAgent.ParseAdd(userAgent);
        return client;
    }

    private static SocketsHttpHandler CreateHandler(ClusterConnection connection)
    {
        var handler = new SocketsHttpHandler
        {
            // Watches are streams that never end: past the server's limit of streams they would starve all other requests.
            EnableMultipleHttp2Connections = true,
            // A peer that vanished without a word is found by pings, long before TCP would find it.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            // New connections resolve the name and show the certificates of the day.
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            ConnectTimeout = TimeSpan.FromSeconds(10),
            AutomaticDecompression = DecompressionMethods.GZip,
            AllowAutoRedirect = false,
            UseCookies = false,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(connection, certificate, chain, errors);
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => connection.Credentials.ClientCertificate!;
        if (connection.TlsServerName is not null) handler.SslOptions.TargetHost = connection.TlsServerName;
        return handler;
    }

    private static bool IsTrusted(ClusterConnection connection, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (connection.IsInsecure) return true;
        if (connection.Authority is null) return errors == SslPolicyErrors.None;
        if (certificate is not X509Certificate2 presented || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
        return connection.Authority.HasSigned(presented, chain?.ChainPolicy.ExtraStore);
    }
}
