using System.Collections.Concurrent;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Retention;
using TierOperator.Tiering.Values;

namespace TierOperator.TestKit.Remote;

/// <summary>
/// The rules of a shared tier in their plainest form, in this process: what the engine's tests run on, so that a fault is a switch.
/// The real tiers answer for themselves in their own tests.
/// </summary>
public sealed class ModelTier(TierSet tier) : IRemoteTier, IBackplane, IRetainingTier, IRemindingTier
{
    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], Stored> _sessions = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], Unheard> _unheard = new(KeyComparer.Instance);
    private long _notes;

    public TierSet Tier => tier;
    public RemoteTierState State { get; private set; } = new(RemoteHealth.Healthy);
    public bool IsConnected => !IsMute;
    public BackplaneWay Way => IsMute ? BackplaneWay.None : BackplaneWay.PubSub;

    /// <summary>Announces nothing, as a server to which the connection for that is lost.</summary>
    public bool IsMute { get; set; }

    /// <summary>Every call answers Unavailable, as if it had timed out.</summary>
    public bool IsAway { get; set; }

    /// <summary>Changes do not happen, and who asked for them hears of a time-out; it reads, and is believed to be well.</summary>
    public bool LosesChanges { get; set; }

    /// <summary>Changes happen, and who asked for them hears of a time-out.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>What happens, once, while an answer about a whole session is on its way.</summary>
    public Func<Task>? WhileAnswering { get; set; }

    /// <summary>What happens, once, while the answer to a change is on its way.</summary>
    public Func<Task>? AfterApplying { get; set; }

    /// <summary>Changes of these sessions are refused for good.</summary>
    public ConcurrentDictionary<string, bool> Refused { get; } = new();

    /// <summary>How often a session was asked for whole.</summary>
    public int SessionReads { get; private set; }
    public int Applied { get; private set; }

    /// <summary>Sessions that Redis has yet to hear of.</summary>
    public int UnheardCount { get { lock (_gate) return _unheard.Count; } }
    public long NotesMade => Interlocked.Read(ref _notes);

    public event Action<RemoteTierState>? StateChanged;
    public event Action? Forgot;
    public event Action<RemoteAnnouncement>? Announced;
    public event Action? Gap;

    public void Start()
    {
    }

    public void SetState(RemoteTierState state)
    {
        State = state;
        StateChanged?.Invoke(state);
    }

    /// <summary>The server comes back empty.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _sessions.Clear();
            _unheard.Clear();
        }

        Forgot?.Invoke();
    }

    /// <summary>What another server has of it that hears no more from here on.</summary>
    public Action FailOverLater()
    {
        Dictionary<byte[], Stored> copy;
        lock (_gate) copy = _sessions.ToDictionary(static session => session.Key, static session => session.Value.Copy(), KeyComparer.Instance);
        return () =>
        {
            lock (_gate)
            {
                _sessions.Clear();
                foreach (var (key, stored) in copy) _sessions[key] = stored;
            }

            Forgot?.Invoke();
        };
    }

    public bool IsPartOf(string session)
    {
        lock (_gate) return _sessions.TryGetValue(System.Text.Encoding.UTF8.GetBytes(session), out var stored) && stored.IsPart;
    }

    /// <summary>What the next run of retention gives up, at the version that it sees.</summary>
    public List<byte[]> Retires { get; } = [];

    public ValueTask<RetentionReport> RunRetentionAsync(IReadOnlyList<CompiledRetention> entries, bool dryRun, IRetentionExport? export, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var key in Retires.Where(_sessions.ContainsKey))
                Apply_NeedsLock(new RemoteChange(key) { Floor = _sessions[key].Newest, Newest = _sessions[key].Newest });
            return new(new RetentionReport(dryRun, [new RetentionEntryReport("all", RetentionAction.Delete, [.. Retires], 0, null)]));
        }
    }

    public void SkipAnnouncements() => Gap?.Invoke();

    public ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken)
    {
        if (IsAway) return new(new RemoteItem(RemoteReadStatus.Unavailable));
        lock (_gate)
        {
            if (!_sessions.TryGetValue(session.ToArray(), out var stored)) return new(new RemoteItem(RemoteReadStatus.NotFound));
            if (stored.Header is null) return new(new RemoteItem(RemoteReadStatus.NotFound) { IsDeleted = true });
            if (stored.Items.TryGetValue(item.ToArray(), out var found)) return new(new RemoteItem(RemoteReadStatus.Found) { Header = stored.Header, Item = found });
            return new(new RemoteItem(stored.IsPart ? RemoteReadStatus.NotHeld : RemoteReadStatus.NotFound) { Header = stored.Header });
        }
    }

    public async ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        var answer = ReadSession(session);
        var (meanwhile, _) = (WhileAnswering, WhileAnswering = null);
        if (meanwhile is not null) await meanwhile();
        return answer;
    }

    public async ValueTask<IReadOnlyList<RemoteResult>> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken)
    {
        var results = new List<RemoteResult>();
        var announced = new List<RemoteAnnouncement>();
        lock (_gate)
        {
            foreach (var change in changes)
            {
                results.Add(IsAway || LosesChanges ? new RemoteResult(RemoteStatus.Unavailable) : Apply_NeedsLock(change));
                if (change.IsUnheardByRedis && results[^1].Status is RemoteStatus.Applied or RemoteStatus.Older) Note_NeedsLock(change.Session.ToArray());
                if (results[^1].Status == RemoteStatus.Applied && change.IsAnnounced) announced.Add(new RemoteAnnouncement(change.Session.ToArray(), change.Newest, change.Newest.Node));
            }
        }

        foreach (var announcement in announced)
            if (!IsMute) Announced?.Invoke(announcement);
        var (afterwards, _) = (AfterApplying, AfterApplying = null);
        if (afterwards is not null) await afterwards();
        return LosesAnswers ? results.ConvertAll(static _ => new RemoteResult(RemoteStatus.Unavailable)) : results;
    }

    public ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
    {
        if (IsAway) return new(new RemoteListing(RemoteReadStatus.Unavailable, []));
        lock (_gate)
        {
            var keys = _sessions.Where(entry => entry.Value.Header is not null && entry.Key.AsSpan().StartsWith(prefix.Span) && entry.Key.AsSpan().SequenceCompareTo(after.Span) > 0)
                .OrderBy(entry => Convert.ToHexString(entry.Key), StringComparer.Ordinal).Take(limit);
            return new(new RemoteListing(RemoteReadStatus.Found, [.. keys.Select(entry => new RemoteListed(entry.Key, entry.Value.Items.Count, 0, 0))]));
        }
    }

    public ValueTask<bool> NoteUnheardAsync(IReadOnlyCollection<byte[]> sessions, CancellationToken cancellationToken)
    {
        if (IsAway) return new(false);
        lock (_gate)
            foreach (var session in sessions) Note_NeedsLock(session);
        return new(true);
    }

    public ValueTask<IReadOnlyList<UnheardSession>> TakeUnheardAsync(int most, CancellationToken cancellationToken)
    {
        if (IsAway) return new([]);
        lock (_gate)
        {
            var now = Environment.TickCount64;
            var next = _unheard.Where(entry => entry.Value.TakenMs is not { } taken || now - taken >= 30_000).Take(most).ToList();
            foreach (var (key, note) in next) _unheard[key] = note with { TakenMs = now };
            return new([.. next.Select(static entry => new UnheardSession(entry.Key, entry.Value.Number))]);
        }
    }

    public ValueTask<bool> HeardAsync(IReadOnlyCollection<UnheardSession> sessions, CancellationToken cancellationToken)
    {
        if (IsAway) return new(false);
        lock (_gate)
            foreach (var heard in sessions)
                if (_unheard.TryGetValue(heard.Session, out var note) && note.Number == heard.Number) _unheard.Remove(heard.Session);
        return new(true);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Note_NeedsLock(byte[] session) => _unheard[session] = new Unheard(++_notes, null);

    private RemoteSession ReadSession(ReadOnlyMemory<byte> session)
    {
        if (IsAway) return new RemoteSession(RemoteReadStatus.Unavailable);
        lock (_gate)
        {
            SessionReads++;
            var key = session.ToArray();
            if (!_sessions.TryGetValue(key, out var stored)) return new RemoteSession(RemoteReadStatus.NotFound);
            if (stored.Header is null) return new RemoteSession(RemoteReadStatus.NotFound) { Floor = stored.Floor, Newest = stored.Newest };
            return new RemoteSession(RemoteReadStatus.Found)
            {
                Session = new SessionSnapshot(key, stored.Header with { Floor = stored.Floor }, [.. stored.Items.Values]),
                IsProjection = stored.IsPart, Newest = stored.Newest, Floor = stored.Floor,
                Removed = stored.Removed.ToDictionary(KeyComparer.Instance),
            };
        }
    }

    private RemoteResult Apply_NeedsLock(RemoteChange change)
    {
        var key = change.Session.ToArray();
        if (Refused.ContainsKey(System.Text.Encoding.UTF8.GetString(key))) return new RemoteResult(RemoteStatus.Refused) { Detail = "The test refuses it." };
        var isThere = _sessions.TryGetValue(key, out var stored);
        stored ??= new Stored();
        var existed = stored.Header is not null;
        if (change.Condition is { Unchanged: { } seen } && stored.Newest != seen) return new RemoteResult(RemoteStatus.ConditionFailed) { Newest = stored.Newest };
        if (!change.IsAnnounced && !existed) return new RemoteResult(RemoteStatus.Applied);
        if (change.Header is not null && change.Newest <= stored.Buried && stored.Buried != ItemVersion.None) return new RemoteResult(RemoteStatus.Older) { Newest = stored.Newest };
        if (!isThere) _sessions[key] = stored;
        Applied++;
        stored.Take(change, tier == TierSet.Redis);
        return new RemoteResult(RemoteStatus.Applied) { Existed = existed, Newest = stored.Newest };
    }

    private readonly record struct Unheard(long Number, long? TakenMs);

    private sealed class Stored
    {
        public Dictionary<byte[], ItemSnapshot> Items { get; } = new(KeyComparer.Instance);
        public Dictionary<byte[], ItemVersion> Removed { get; } = new(KeyComparer.Instance);
        public SessionHeader? Header { get; private set; }
        public ItemVersion Floor { get; private set; }
        public ItemVersion Newest { get; private set; }

        /// <summary>The newest deletion: up to it nothing comes back.</summary>
        public ItemVersion Buried { get; private set; }
        public bool IsPart { get; private set; }

        public Stored Copy()
        {
            var copy = new Stored { Header = Header, Floor = Floor, Newest = Newest, IsPart = IsPart, Buried = Buried };
            foreach (var (item, stored) in Items) copy.Items[item] = stored;
            foreach (var (item, version) in Removed) copy.Removed[item] = version;
            return copy;
        }

        public void Take(RemoteChange change, bool mayForget)
        {
            var floor = change.Header?.Floor ?? change.Floor;
            if (change.Header is null && floor < Floor) return; // what stands here replaced that already
            if (floor > Floor) Floor = floor;
            if (change.Header is null && floor > Buried) Buried = floor;
            if (change.Newest > Newest) Newest = change.Newest;
            foreach (var removal in change.Removals)
            {
                var item = removal.Item.ToArray();
                if (removal.Version > Removed.GetValueOrDefault(item)) Removed[item] = removal.Version;
            }

            if (change.Header is not null && Header is null) IsPart = mayForget && !change.IsWhole && change.Removals.Count + change.Puts.Count > 0;
            if (change.IsWhole || change.Projection is not null) IsPart = change.Projection is not null;
            if (change.Header is not null) Header = change.Header;
            foreach (var put in change.Puts)
                if (put.Version > Buried && (!Items.TryGetValue(put.Key, out var there) || put.Version > there.Version)) Items[put.Key] = put with { Value = new ItemValue(put.Value.ToArray()) };
            foreach (var (item, there) in Items.ToList())
            {
                var isGone = change.Header is null && Header is not null && there.Version <= Floor;
                if (isGone || there.Version < Floor || there.Version < Removed.GetValueOrDefault(item)) Items.Remove(item);
            }

            if (change.Header is null && Items.Count == 0) Header = null;
        }
    }
}
