namespace TierOperator.Tiering.Remote;

/// <summary>Keeps notes for people: how conflicts were decided, and which changes were refused for good. The newest come first.</summary>
/// <remarks>Thread-safe. False and null: the store is not to be had, and the note was not kept.</remarks>
public interface IAuditStore
{
    ValueTask<bool> NoteAsync(IReadOnlyList<ConflictNote> conflicts, CancellationToken cancellationToken);
    ValueTask<bool> NoteAsync(IReadOnlyList<DeadLetterNote> letters, CancellationToken cancellationToken);
    ValueTask<IReadOnlyList<ConflictNote>?> ListConflictsAsync(int limit, CancellationToken cancellationToken);
    ValueTask<IReadOnlyList<DeadLetterNote>?> ListDeadLettersAsync(int limit, CancellationToken cancellationToken);
}

/// <summary>A tier that keeps notes for people beside the sessions.</summary>
public interface IAuditedTier
{
    /// <summary>Null while there is no such store.</summary>
    IAuditStore? Audit { get; }
}

/// <summary>Two versions of an item met, and <see cref="Winner"/> stayed.</summary>
public sealed record ConflictNote(byte[] Session, byte[] Item, string Strategy, ItemVersion Winner, ItemVersion Loser)
{
    /// <summary>Unix milliseconds.</summary>
    public long NotedMs { get; init; }
    public uint Node { get; init; }
}

/// <summary>A change that a tier refused for good.</summary>
public sealed record DeadLetterNote(byte[] Session, string Reason)
{
    /// <summary>Unix milliseconds.</summary>
    public long NotedMs { get; init; }
    public uint Node { get; init; }
}
