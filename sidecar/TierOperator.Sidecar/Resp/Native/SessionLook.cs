using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>A key as a session, at one moment.</summary>
internal sealed record SeenSession(byte[] Key)
{
    public bool Exists { get; init; }
    public byte Kind { get; init; }
    public long? DeadlineMs { get; init; }

    /// <summary>Changes with every change to it; 0 when it is absent.</summary>
    public ulong Fingerprint { get; init; }

    /// <summary>What it holds, where that was asked for.</summary>
    public IReadOnlyList<(byte[] Item, byte[] Value)> Items { get; init; } = [];
}

/// <summary>Looks at sessions and changes nothing.</summary>
internal sealed class SessionLook(bool withContent) : ISessionEdit
{
    private readonly List<SeenSession> _seen = [];

    public IReadOnlyList<SeenSession> Seen => _seen;

    public void Run(EditScope scope)
    {
        _seen.Clear();
        for (var i = 0; i < scope.Count; i++) _seen.Add(See(scope[i]));
    }

    private SeenSession See(EditedSession session)
    {
        var items = new List<(byte[] Item, byte[] Value)>();
        if (withContent) session.ForEach((item, value) => items.Add((item.ToArray(), value.ToArray())));
        return new SeenSession(session.Key.ToArray())
        {
            Exists = session.Exists, Kind = session.Kind, DeadlineMs = session.DeadlineMs, Fingerprint = session.Fingerprint(), Items = items,
        };
    }
}

/// <summary>Removes a session, whatever it is.</summary>
internal sealed class SessionEnd : ISessionEdit
{
    public bool Existed { get; private set; }

    public void Run(EditScope scope)
    {
        Existed = scope[0].Exists;
        if (Existed) scope[0].Clear();
    }
}

/// <summary>Removes a session that is still as it was seen.</summary>
internal sealed class SessionRemoval(ulong seen) : ISessionEdit
{
    public bool HasChanged { get; private set; }

    public void Run(EditScope scope)
    {
        HasChanged = scope[0].Fingerprint() != seen;
        if (!HasChanged) scope[0].Clear();
    }
}
