namespace TierOperator.Tiering.Remote;

/// <summary>
/// How a sidecar hears what others have written. Writers announce as part of <see cref="IRemoteTier.ApplyAsync"/>, in the same
/// step as the change; a mere touch is never announced.
/// </summary>
/// <remarks>Thread-safe. Events are raised one at a time, on the receiving loop: handlers return at once.</remarks>
public interface IBackplane : IAsyncDisposable
{
    /// <summary>A session was changed by some sidecar, perhaps this one.</summary>
    event Action<RemoteAnnouncement>? Announced;

    /// <summary>
    /// Announcements may have been missed (a number was skipped, the connection was lost and is back): every local copy must be
    /// compared before it is believed again.
    /// </summary>
    event Action? Gap;

    /// <summary>True while announcements arrive. False: local copies cannot be known to be the newest.</summary>
    bool IsConnected { get; }

    /// <summary>How it hears at present; none while it is not connected.</summary>
    BackplaneWay Way { get; }

    /// <summary>Begins to listen in the background.</summary>
    void Start();
}

/// <summary>Ways to hear of changes.</summary>
public enum BackplaneWay
{
    None,

    /// <summary>Redis' channel: what sidecars announce.</summary>
    PubSub,

    /// <summary>Redis' channel, and beside it the server's own word of every change, also of those who announce nothing.</summary>
    Tracking,

    /// <summary>PostgreSQL's LISTEN and NOTIFY.</summary>
    Notify,
}

/// <summary>
/// One announcement. <see cref="Newest"/> is none where the channel only says that the key changed (RESP3 tracking): compare, not drop.
/// </summary>
public readonly record struct RemoteAnnouncement(ReadOnlyMemory<byte> Session, ItemVersion Newest, uint Node);
