using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using TierOperator.Kubernetes.Client;

namespace TierOperator.Kubernetes.Connection;

/// <summary>Makes the one HttpClient of a connection.</summary>
internal static class ApiTransport
{
    [SuppressMessage("Reliability", "CA2000", Justification = "The handler belongs to the client, which disposes it.")]
    public static HttpClient CreateHttpClient(ClusterConnection connection, KubeClientOptions options)
    {
        var client = new HttpClient(CreateHandler(connection, options))
        {
            BaseAddress = connection.Server,
            Timeout = Timeout.InfiniteTimeSpan, // watches live for minutes; other requests have a deadline of their own
        };
        client.DefaultRequestHeaders.UserAgent.ParseAdd(options.UserAgent);
        // .NET asks for the certificate of the host that a request names, whatever SslOptions say: so requests name this one.
        // A gateway that chooses by name then hears the same one in the handshake and in the request.
        client.DefaultRequestHeaders.Host = connection.TlsServerName;
        return client;
    }

    private static SocketsHttpHandler CreateHandler(ClusterConnection connection, KubeClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            // Watches are streams that never end: past the server's limit of streams they would starve all other requests.
            EnableMultipleHttp2Connections = true,
            // A peer that vanished without a word is found by pings, long before TCP would find it.
            KeepAlivePingDelay = options.PingAfter,
            KeepAlivePingTimeout = options.PingPatience,
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
