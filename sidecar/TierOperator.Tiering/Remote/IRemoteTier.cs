using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Remote;

/// <summary>
/// A tier outside this process, shared by pods: Redis or PostgreSQL. It keeps sessions by item with versions, takes a change
/// only where it is newer than what it holds, and answers within its own timeout.
/// </summary>
/// <remarks>
/// Thread-safe. A server that is away, slow, full or wrong is a status, never an exception; only a cancelled
/// <see cref="CancellationToken"/> throws. Every tier passes RemoteTierContractTests.
/// </remarks>
public interface IRemoteTier : IAsyncDisposable
{
    /// <summary>Which one: exactly one flag.</summary>
    TierSet Tier { get; }

    /// <summary>How it fares now, for /status, readiness and metrics.</summary>
    RemoteTierState State { get; }

    /// <summary>How far the server's clock is ahead of ours (behind: negative), exact to a round trip; null while it is not known.</summary>
    TimeSpan? ClockSkew => null;

    /// <summary>Raised on the thread that noticed; must return at once.</summary>
    event Action<RemoteTierState>? StateChanged;

    /// <summary>
    /// Raised when the server has lost data that it had acknowledged (emptied, restarted without it, failed over to an older
    /// replica): what was believed to be there is void.
    /// </summary>
    event Action? Forgot;

    /// <summary>
    /// Which servers, in which life, this tier has last been compared with; null where it cannot tell. Changes after <see cref="Forgot"/> was raised,
    /// so that whoever writes it down has written down before what that means.
    /// </summary>
    string? Incarnation => null;

    /// <summary>What <see cref="Incarnation"/> was when this sidecar ended: another one then has forgotten meanwhile. Before the start.</summary>
    void Remember(string incarnation)
    {
    }

    /// <summary>Begins to connect in the background. Returns at once, whatever the server's state.</summary>
    void Start();

    /// <summary>Reads one item alone.</summary>
    ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken);

    /// <summary>Reads what the tier holds of a session. The caller releases the items.</summary>
    ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken);

    /// <summary>
    /// Applies each change whole or not at all, by itself, as few round trips as may be. Answers one result per change, in order.
    /// What is older than the tier's own is <see cref="RemoteStatus.Older"/>: the change is done with, because a newer one won.
    /// </summary>
    ValueTask<IReadOnlyList<RemoteResult>> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken);

    /// <summary>True: <see cref="ApplyEachAsync"/> tells of each change by itself.</summary>
    bool TellsEach => false;

    /// <summary>
    /// As the other, and where <see cref="TellsEach"/> says so <paramref name="told"/> hears of each change's result, by its place, as soon as it is
    /// known: on any thread, several at once. The list repeats them all.
    /// </summary>
    ValueTask<IReadOnlyList<RemoteResult>> ApplyEachAsync(IReadOnlyList<RemoteChange> changes, Action<int, RemoteResult> told, CancellationToken cancellationToken)
        => ApplyAsync(changes, cancellationToken);

    /// <summary>Keys that begin with <paramref name="prefix"/> and come after <paramref name="after"/>, in byte order, whole ones only.</summary>
    ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken);
}

public enum RemoteHealth
{
    /// <summary>Not yet connected.</summary>
    Connecting,
    Healthy,

    /// <summary>It answers, but cannot take writes: read-only, full, without rights.</summary>
    ReadOnly,

    /// <summary>It does not answer: refused, frozen, wrong password, wrong certificate, a newer schema.</summary>
    Unavailable,
}

/// <summary>How a tier fares. <see cref="Reason"/> is for people, says what to do, and has no secret in it; null when healthy.</summary>
public sealed record RemoteTierState(RemoteHealth Health, string? Reason = null)
{
    /// <summary>Where the server is stands in a secret that is missing or cannot be used; the tier goes on as that said before, if it said anything.</summary>
    public bool IsSecretRefused { get; init; }

    public bool CanRead => Health is RemoteHealth.Healthy or RemoteHealth.ReadOnly;
    public bool CanWrite => Health == RemoteHealth.Healthy;
}
