using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Hosting;

internal enum Phase { Starting, Ready, Draining }

/// <summary>Where the process is between its start and its end. The admin port reads it; the host moves it on.</summary>
internal sealed class Lifecycle
{
    private volatile TierEngine? _engine;
    private volatile Phase _phase;

    public Phase Phase => _phase;

    /// <summary>Null until the tiers are open.</summary>
    public TierEngine? Engine => _engine;

    public void Opened(TierEngine engine) => _engine = engine;

    public void Enter(Phase phase) => _phase = phase;
}
