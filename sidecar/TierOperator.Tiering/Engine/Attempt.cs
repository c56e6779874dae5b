using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

internal enum AttemptKind
{
    /// <summary>Decided: written, or refused.</summary>
    Done,

    /// <summary>Somebody works on the session: wait for the gate, then try again.</summary>
    Gated,

    /// <summary>The session is on disk only; its gate is now ours.</summary>
    Cold,

    /// <summary>The journal's buffer is full: wait for room in it.</summary>
    JournalBusy,

    /// <summary>The disk has dropped the session meanwhile: try again, which writes it whole.</summary>
    Forgotten,

    /// <summary>The budget lacks <see cref="Attempt.Bytes"/>.</summary>
    NoMemory,
}

/// <summary>What one try of a write came to.</summary>
internal readonly record struct Attempt(AttemptKind Kind)
{
    public SessionPlan? Plan { get; init; }
    public WriteOutcome Outcome { get; init; }

    /// <summary>The journal ticket to wait for; 0 for none.</summary>
    public long Ticket { get; init; }
    /// <summary>What the shared tiers were told, and who waits for it.</summary>
    public OwedWaits Owed { get; init; }
    public SessionGate? Gate { get; init; }
    public long Bytes { get; init; }

    /// <summary>Memory took over the references of large values.</summary>
    public bool TookValues { get; init; }
}

/// <summary>Under which terms a write is tried.</summary>
internal readonly record struct AttemptTerms
{
    /// <summary>Memory has no room: write below it, or refuse.</summary>
    public bool WithoutMemory { get; init; }

    /// <summary>The caller holds the session's gate.</summary>
    public bool OwnsGate { get; init; }

    /// <summary>The disk holds nothing live under this key, though its index may say so.</summary>
    public bool DiskIsStale { get; init; }
}
