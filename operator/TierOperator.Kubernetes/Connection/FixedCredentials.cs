using System.Security.Cryptography.X509Certificates;

namespace TierOperator.Kubernetes.Connection;

/// <summary>A token, a certificate, or nothing, that never changes.</summary>
public sealed class FixedCredentials(string? token, X509Certificate2? clientCertificate = null) : IClusterCredentials
{
    public X509Certificate2? ClientCertificate => clientCertificate;

    public ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken) => new(token);

    public void Forget()
    {
        // There is nowhere to read another one from: the refusal goes to the caller.
    }
}
