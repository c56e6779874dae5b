namespace TierOperator.Sidecar.Hosting;

/// <summary>What a command leaves to the shell. Documented in docs/running.md; a number keeps its meaning.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Refused: a policy with faults, or a call that the sidecar answered with a problem.</summary>
    public const int Refused = 1;

    /// <summary>Called wrongly, a file that cannot be read, or no sidecar that answers.</summary>
    public const int Usage = 2;

    /// <summary>The data folder: not writable, of a newer format, in use by another process.</summary>
    public const int Data = 3;

    /// <summary>An encryption key is missing or wrong.</summary>
    public const int Key = 4;

    /// <summary>A port or socket is taken, or the address is not this machine's.</summary>
    public const int Address = 5;

    /// <summary>It stopped, but what was pending could not be flushed within --grace.</summary>
    public const int Unflushed = 6;
}
