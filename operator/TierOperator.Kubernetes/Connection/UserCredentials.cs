using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TierOperator.Kubernetes.Connection;

/// <summary>Makes credentials of the user of a kubeconfig.</summary>
internal static class UserCredentials
{
    [SuppressMessage("Reliability", "CA2000", Justification = "The certificate belongs to what is returned, and lives as long as connections may show it.")]
    public static IClusterCredentials Of(KubeConfigMap user, TimeProvider time)
    {
        if (user.Has("auth-provider"))
            throw new ConnectionException("auth-provider in the kubeconfig was taken out of Kubernetes: use its exec plugin");
        if (user.Has("exec")) return new ExecCredentials(ExecPlugin.Read(user.Map("exec")), time);
        if (user.Text("token") is { Length: > 0 } token) return new FixedCredentials(token, CertificateOf(user));
        if (user.Text("tokenFile") is { Length: > 0 } file) return new TokenFile(user.PathOf(file), time);
        return new FixedCredentials(null, CertificateOf(user));
    }

    public static X509Certificate2 CertificateOf(string certificate, string key, string source)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new ConnectionException($"the client certificate and key of {source} cannot be used: {error.Message}", error);
        }
    }

    private static X509Certificate2? CertificateOf(KubeConfigMap user)
    {
        var (certificate, key) = (user.Pem("client-certificate"), user.Pem("client-key"));
        if (certificate is null && key is null) return null;
        if (certificate is null || key is null) throw new ConnectionException("the kubeconfig's user needs both client-certificate and client-key");
        return CertificateOf(certificate, key, "the kubeconfig");
    }
}
