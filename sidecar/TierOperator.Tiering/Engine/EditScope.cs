using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Engine;

/// <summary>Reads sessions and stages changes to them while nobody else can touch them.</summary>
public interface ISessionEdit
{
    /// <summary>
    /// Runs under locks, without I/O and without waiting, on any thread, and perhaps several times: what it did outside
    /// <paramref name="scope"/> in an earlier run must be forgotten first.
    /// </summary>
    void Run(EditScope scope);
}

/// <summary>
/// The sessions that one edit may touch. Made for reuse: <see cref="Begin"/>, <see cref="Add"/> each id, then hand it to
/// <see cref="TierEngine.TryEdit"/>.
/// </summary>
/// <remarks>One user at a time, not thread-safe.</remarks>
public sealed class EditScope
{
    private const int ScannedUpTo = 8;
    private readonly List<EditedSession> _sessions = [];
    private Dictionary<byte[], EditedSession>? _byKey;

    /// <summary>Sessions in it now.</summary>
    public int Count { get; private set; }

    /// <summary>The edit stages nothing: its reads count as accesses.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>What is there makes no difference to the edit: it is done also where a tier cannot say.</summary>
    public bool IsBlind { get; set; }

    /// <summary>When the edit runs, Unix milliseconds.</summary>
    public long NowMs { get; internal set; }

    internal List<MemoryShard> Shards { get; } = [];

    public void Begin(bool isReadOnly)
    {
        for (var i = 0; i < Count; i++) _sessions[i].Forget();
        (Count, IsReadOnly, IsBlind, _byKey) = (0, isReadOnly, false, null);
    }

    /// <summary>Adds an id; one that is there already is passed over. Its bytes stay as they are until the edit is done.</summary>
    public void Add(ReadOnlyMemory<byte> key)
    {
        if (Find(key.Span) is not null) return;
        if (Count == _sessions.Count) _sessions.Add(new EditedSession());
        var session = _sessions[Count++];
        session.Begin(key);
        if (_byKey is not null) _byKey[key.ToArray()] = session;
        else if (Count > ScannedUpTo) IndexAll();
    }

    /// <summary>A session by its place, in the order of <see cref="Add"/>.</summary>
    public EditedSession this[int place] => _sessions[place];

    /// <summary>A session that was added.</summary>
    public EditedSession Of(ReadOnlySpan<byte> key)
        => Find(key) ?? throw new ArgumentException("The edit asks for a session that it has not named.", nameof(key));

    private EditedSession? Find(ReadOnlySpan<byte> key)
    {
        if (_byKey is not null) return _byKey.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var indexed) ? indexed : null;
        for (var i = 0; i < Count; i++)
            if (_sessions[i].Key.Span.SequenceEqual(key)) return _sessions[i];
        return null;
    }

    private void IndexAll()
    {
        _byKey = new Dictionary<byte[], EditedSession>(ByteComparer.Instance);
        for (var i = 0; i < Count; i++) _byKey[_sessions[i].Key.ToArray()] = _sessions[i];
    }
}
