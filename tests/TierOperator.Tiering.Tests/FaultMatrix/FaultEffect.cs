namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>What a fault takes away while it lasts.</summary>
internal enum FaultEffect
{
    /// <summary>Nothing is answered in time.</summary>
    Away,

    /// <summary>Reads are answered, writes are not taken.</summary>
    NoWrites,

    /// <summary>Some calls are answered, others not.</summary>
    ComesAndGoes,

    /// <summary>Every call is answered; what was there before is gone.</summary>
    Forgets,
}
