namespace TierOperator.Sidecar.Hosting;

/// <summary>A policy that was refused: the content's SHA-256, why, and when.</summary>
internal sealed record PolicyRefusal(string Revision, IReadOnlyList<string> Reasons, DateTimeOffset At);

/// <summary>
/// Which policy runs and what became of the last one offered. One owner, the policy source, changes it; each change swaps
/// one reference, so readers see a whole state.
/// </summary>
internal sealed class PolicyState(LoadedPolicy first, DateTimeOffset at)
{
    private volatile Snapshot _now = new(first, at, null, []);
    private long _accepted = 1;
    private long _refused;

    public LoadedPolicy Running => _now.Running;

    public Snapshot Now => _now;

    /// <summary>How many policies were accepted and refused since the start, the first one included.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>ACK: the engine runs this one from now on.</summary>
    public void Accept(LoadedPolicy policy, DateTimeOffset at, IReadOnlyList<string> restartRequired)
    {
        _now = new Snapshot(policy, at, null, restartRequired);
        Interlocked.Increment(ref _accepted);
    }

    /// <summary>NACK: the last good one keeps serving.</summary>
    public void Refuse(PolicyRefusal refusal)
    {
        _now = _now with { LastRefusal = refusal };
        Interlocked.Increment(ref _refused);
    }

    /// <summary>The file is back to what already runs: nothing is refused any more.</summary>
    public void Settle() => _now = _now with { LastRefusal = null };

    internal sealed record Snapshot(
        LoadedPolicy Running, DateTimeOffset AcceptedAt, PolicyRefusal? LastRefusal, IReadOnlyList<string> RestartRequired);
}
