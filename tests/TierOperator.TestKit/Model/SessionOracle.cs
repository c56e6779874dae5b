namespace TierOperator.TestKit.Model;

/// <summary>What an observation makes of a state: whether the state explains it, and what it is afterwards (null: absent).</summary>
public readonly record struct Explained(bool Fits, SessionWorld? Next)
{
    public static readonly Explained No;
    public static Explained As(SessionWorld? next) => new(true, next);
}

/// <summary>All that a session may be, given everything that was seen of it. Null stands for absent.</summary>
public sealed class SessionOracle(ModelTimes times)
{
    private List<SessionWorld?> _worlds = [null];

    public IReadOnlyList<SessionWorld?> Worlds => _worlds;

    /// <summary>The states that it may show now, each with the one that lies behind it.</summary>
    public List<(SessionWorld? Shown, SessionWorld? Behind)> Views(long nowMs)
    {
        var views = new List<(SessionWorld?, SessionWorld?)>();
        foreach (var world in _worlds)
        {
            var isPresent = world is { IsGone: false } && nowMs < world.AtMostUntilMs(times);
            if (isPresent) views.Add((world, world));
            if (!isPresent || world!.IsDoubtful || nowMs >= world.SurelyUntilMs(times)) views.Add((null, world));
        }

        return views;
    }

    /// <summary>Takes an observation in. False when no possible state explains it.</summary>
    public bool Observe(long nowMs, Func<SessionWorld?, Explained> explain)
    {
        var next = new List<SessionWorld?>();
        foreach (var (shown, behind) in Views(nowMs))
        {
            var explained = explain(shown);
            if (!explained.Fits) continue;
            // What is over and was not written to stays in mind: the clock may be set back.
            next.Add(shown is null && explained.Next is null && behind is not null ? behind with { IsGone = true } : explained.Next);
        }

        if (next.Count == 0) return false;
        Become(next);
        return true;
    }

    /// <summary>The copy that memory held may have been dropped for room, with nothing below to fall back on.</summary>
    public void MayBeEvicted() => Become([.. _worlds, null]);

    /// <summary>A restart without a tier that outlives it.</summary>
    public void Forget() => Become([null]);

    /// <summary>The clock goes back: what was over may be there again, or be swept away by now.</summary>
    public void ClockSetBack(long fromMs)
    {
        var next = new List<SessionWorld?>();
        foreach (var world in _worlds)
        {
            if (world is null) next.Add(null);
            else if (world.IsGone || fromMs >= world.SurelyUntilMs(times)) next.Add(world with { IsGone = false, IsDoubtful = true });
            else next.Add(world);
        }

        Become(next);
    }

    private void Become(List<SessionWorld?> worlds)
    {
        _worlds = [];
        foreach (var world in worlds)
            if (!_worlds.Exists(seen => seen is null ? world is null : world is not null && seen.SameAs(world))) _worlds.Add(world);
    }
}
