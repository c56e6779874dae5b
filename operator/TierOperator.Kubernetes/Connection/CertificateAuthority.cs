using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TierOperator.Kubernetes.Connection;

/// <summary>
/// The authorities that the API server's certificate is checked against. A file is looked at again within a minute: when
/// a cluster changes its authority, connections made from then on trust the new one. Thread-safe.
/// </summary>
public sealed class CertificateAuthority
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);
    private readonly string? _path;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private X509Certificate2Collection _certificates;
    private long _readAt;

    private CertificateAuthority(X509Certificate2Collection certificates, string? path, TimeProvider time) =>
        (_certificates, _path, _time, _readAt) = (certificates, path, time, time.GetTimestamp());

    public static CertificateAuthority OfPem(string pem) => new(Parse(pem, "the certificate-authority-data"), null, TimeProvider.System);

    public static CertificateAuthority OfFile(string path, TimeProvider time) => new(Read(path), path, time);

    /// <summary>Whether a server's certificate is signed by one of the authorities. Names are not judged here.</summary>
    public bool HasSigned(X509Certificate2 certificate, X509Certificate2Collection? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(Current());
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent);
        return chain.Build(certificate);
    }

    private X509Certificate2Collection Current()
    {
        lock (_lock)
        {
            if (_path is null || _time.GetElapsedTime(_readAt) < Freshness) return _certificates;
            _readAt = _time.GetTimestamp();
            try
            {
                _certificates = Read(_path);
            }
            catch (ConnectionException)
            {
                // The folder is being swapped: the authorities from before still hold, and the next look comes soon.
            }

            return _certificates;
        }
    }

    private static X509Certificate2Collection Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConnectionException($"the cluster's authority {path} cannot be read: {error.Message}", error);
        }
    }

    private static X509Certificate2Collection Parse(string pem, string source)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException error)
        {
            throw new ConnectionException($"{source} is no PEM of certificates: {error.Message}", error);
        }

        return certificates.Count > 0 ? certificates : throw new ConnectionException($"{source} holds no certificate");
    }
}
