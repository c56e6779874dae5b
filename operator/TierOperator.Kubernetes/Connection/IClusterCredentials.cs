using System.Security.Cryptography.X509Certificates;

namespace TierOperator.Kubernetes.Connection;

/// <summary>By what the API server knows us. Thread-safe.</summary>
public interface IClusterCredentials
{
    /// <summary>The bearer token of the moment; null where a certificate, or nothing, says who we are.</summary>
    ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken);

    /// <summary>The certificate for new connections; null for none.</summary>
    X509Certificate2? ClientCertificate { get; }

    /// <summary>The server refused what we have: read it anew before the next request.</summary>
    void Forget();
}
