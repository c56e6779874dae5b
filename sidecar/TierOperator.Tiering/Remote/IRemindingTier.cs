namespace TierOperator.Tiering.Remote;

/// <summary>
/// A tier that remembers which sessions Redis has yet to hear of: those that were changed here while Redis was away, which may come back with
/// what it held before, when whoever changed them is gone for good.
/// </summary>
/// <remarks>
/// Thread-safe. A change with <see cref="RemoteChange.IsUnheardByRedis"/> is noted with it, all or nothing. A tier that is away notes and gives
/// nothing: ask again later. Notes go by themselves after as long as deletes are remembered.
/// </remarks>
public interface IRemindingTier
{
    /// <summary>Notes sessions whose change this tier may have taken before Redis was known to be away. False: not now.</summary>
    ValueTask<bool> NoteUnheardAsync(IReadOnlyCollection<byte[]> sessions, CancellationToken cancellationToken);

    /// <summary>
    /// Takes notes for the caller to bring to Redis: for half a minute nobody else is given them. What the tier holds of the sessions is read after that.
    /// </summary>
    ValueTask<IReadOnlyList<UnheardSession>> TakeUnheardAsync(int most, CancellationToken cancellationToken);

    /// <summary>Redis has heard of these. One that was noted anew since it was taken stays. False: not now.</summary>
    ValueTask<bool> HeardAsync(IReadOnlyCollection<UnheardSession> sessions, CancellationToken cancellationToken);
}

/// <summary>A session that Redis has yet to hear of. <see cref="Number"/> tells the note from a later one.</summary>
public sealed record UnheardSession(byte[] Session, long Number);
