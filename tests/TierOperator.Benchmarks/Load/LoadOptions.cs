namespace TierOperator.Benchmarks.Load;

/// <summary>One run of load against a server.</summary>
internal sealed record LoadOptions
{
    public required Uri Url { get; init; }
    public required IKeySource Keys { get; init; }

    /// <summary>Share of operations that read, 0 to 1; the others write.</summary>
    public double Reads { get; init; } = 1;

    /// <summary>Whether a read that finds nothing is followed by a write of that key, as an app in front of a database does.</summary>
    public bool FillMisses { get; init; } = true;
    public int ValueBytes { get; init; } = 1024;
    public int Connections { get; init; } = 64;
    public int ItemsPerSession { get; init; } = 1;
    public string SessionPrefix { get; init; } = "s";
    public TimeSpan? Duration { get; init; }
    public long? Requests { get; init; }

    /// <summary>Operations a second over all connections, evenly paced; null is as fast as answers come.</summary>
    public double? Rate { get; init; }
    public int Seed { get; init; } = 1;
}
