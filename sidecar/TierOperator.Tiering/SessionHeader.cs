namespace TierOperator.Tiering;

/// <summary>
/// What every tier keeps of a session beside its items. Times are Unix milliseconds. Immutable: a change makes a new one.
/// </summary>
public sealed record SessionHeader
{
    /// <summary>The rule that took the session at its last write; a read obeys it, not today's match.</summary>
    public required string Rule { get; init; }
    public required long CreatedMs { get; init; }

    /// <summary>The last access that this tier has heard of: exact in memory, at most ttl/8 behind elsewhere.</summary>
    public required long LastAccessMs { get; init; }

    /// <summary>The session's end. Absolute and fixed when <see cref="ExplicitDeadline"/>, else it slides with access.</summary>
    public required long DeadlineMs { get; init; }
    public bool ExplicitDeadline { get; init; }

    /// <summary>Set by replace and delete: items and writes at or below it do not exist.</summary>
    public ItemVersion Floor { get; init; }

    /// <summary>What the session was made as. 0: items (HTTP, Redis hash); 1: a Redis string with one reserved item.</summary>
    public byte Kind { get; init; }

    /// <summary>Whom the data is about (<c>Tier-Subject</c>), for erasure and export; null when nobody said.</summary>
    public string? Subject { get; init; }

    /// <summary>
    /// This copy began with a write to a session that a shared tier may know more of: an item that it lacks may stand there, and so
    /// may an explicit deadline.
    /// </summary>
    public bool IsPartial { get; init; }

    /// <summary>Accesses since creation, as far as this tier has heard.</summary>
    public uint Accesses { get; init; }
}
