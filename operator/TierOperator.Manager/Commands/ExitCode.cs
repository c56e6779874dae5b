namespace TierOperator.Manager.Commands;

/// <summary>What a command leaves to the shell. A number keeps its meaning.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Refused: a policy with faults, or an object that is not there.</summary>
    public const int Refused = 1;

    /// <summary>Called wrongly, or no cluster that answers.</summary>
    public const int Usage = 2;

    /// <summary>Another replica leads now: this one ends, and is started anew.</summary>
    public const int LeadLost = 3;
}
