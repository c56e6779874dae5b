using System.Security.Cryptography.X509Certificates;

namespace TierOperator.Kubernetes.Connection;

/// <summary>
/// The token that the kubelet mounts and renews. It is read again after half a minute, so that a renewed one is used
/// within 60 s, and at once after a 401. While the file cannot be read, the token from before goes on: the kubelet swaps
/// the folder, and a moment without it must not cut us off.
/// </summary>
public sealed class TokenFile(string path, TimeProvider time) : IClusterCredentials
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);
    private volatile ReadToken? _last;

    public X509Certificate2? ClientCertificate => null;

    public async ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken)
    {
        var last = _last;
        if (last is not null && !last.IsForgotten && time.GetElapsedTime(last.ReadAt) < Freshness) return last.Token;
        try
        {
            var token = (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
            if (token.Length > 0) _last = new ReadToken(token, time.GetTimestamp(), false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (last is null) throw new ConnectionException($"the service account's token {path} cannot be read: {error.Message}", error);
        }

        return _last?.Token ?? throw new ConnectionException($"the service account's token {path} is empty");
    }

    public void Forget() => _last = _last is { } last ? last with { IsForgotten = true } : null;

    private sealed record ReadToken(string Token, long ReadAt, bool IsForgotten);
}
