using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>
/// What was purged, and when: a response asked for before that is gone, whatever tier holds it. So a purge costs the same
/// however much it takes away, and reaches fills that are under way too.
/// </summary>
/// <remarks>
/// <para>Thread-safe. Bounded: when there are too many marks, all become one that takes everything before it. The marks are a session,
/// an item each, beside the responses: so a restart brings back neither without the other, and with a shared tier the other sidecars
/// hear of them as of any write.</para>
/// <para>Another sidecar's clock may differ: what it has marked counts from the moment at which this one hears of it.</para>
/// </remarks>
internal sealed class PurgeMarks : IDisposable
{
    private const int MostMarks = 10_000;
    private const string Everything = "a";
    private static readonly byte[] s_session = ReservedKeys.Purges;
    private static readonly TimeSpan s_keep = TimeSpan.FromDays(400);
    private static readonly TimeSpan s_askAgain = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _saving = new(1);
    private readonly TierEngine _engine;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _isStopped;
    private ConcurrentDictionary<string, Mark> _marks = new(StringComparer.Ordinal);
    private long _newest;
    private int _isHearing;
    private int _isWaiting;

    public PurgeMarks(TierEngine engine, TimeProvider time)
    {
        (_engine, _time, _isStopped) = (engine, time, _stop.Token);
        engine.SessionAnnounced += OnAnnounced;
    }

    /// <summary>Raised when another sidecar's purge was heard of.</summary>
    public event Action? Heard;

    /// <summary>Everything of one route, with a tag, of one URL, or whose URL starts with a text.</summary>
    public static string OfRoute(string route) => $"r{route}";
    public static string OfTag(string tag) => $"t{tag}";
    public static string OfPrefix(string route, string prefix) => $"p{route}\0{prefix}";

    /// <param name="primary">The key of the URL's responses.</param>
    public static string OfKey(ReadOnlySpan<byte> primary)
    {
        var (route, url) = Split(primary);
        return $"k{route}\0{url}";
    }

    /// <summary>Reads what earlier runs, and with a shared tier all sidecars, have marked.</summary>
    public Task LoadAsync() => ReadAsync(isNews: false);

    /// <summary>Marks, and returns when the mark is where the responses are. False: a shared tier will hear of it later.</summary>
    public async Task<bool> MarkAsync(string mark, CancellationToken cancellationToken)
    {
        var now = NowMs;
        await _saving.WaitAsync(cancellationToken);
        try
        {
            if (_marks.Count >= MostMarks) mark = Everything;
            var item = new ItemWrite(Encoding.UTF8.GetBytes(mark), "application/octet-stream", ItemValue.From(BytesOf(now)));
            var options = new WriteOptions { Ttl = s_keep };
            if (mark == Everything) _marks = new ConcurrentDictionary<string, Mark>(StringComparer.Ordinal);
            Set(mark, new Mark(now, now));
            if (mark == Everything) await _engine.ReplaceSessionAsync(s_session, [item], options, CancellationToken.None);
            else await _engine.PutAsync(s_session, item, options, CancellationToken.None);
            var isTold = !_engine.IsShared(s_session) || await _engine.IsToldAsync(s_session);
            await _engine.FlushAsync(cancellationToken);
            return isTold;
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Whether a response of this key was purged after it was asked for.</summary>
    public bool Covers(ReadOnlySpan<byte> primary, StoredResponse head) => head.AskedMs <= Volatile.Read(ref _newest) && IsMarked(primary, head);

    public void Dispose()
    {
        _engine.SessionAnnounced -= OnAnnounced;
        _stop.Cancel();
        _stop.Dispose();
        _saving.Dispose();
    }

    private void OnAnnounced(byte[]? session)
    {
        if (session is not null && !session.AsSpan().SequenceEqual(s_session)) return;
        if (Interlocked.Exchange(ref _isHearing, 1) == 0) _ = Task.Run(HearAsync, CancellationToken.None);
    }

    private async Task HearAsync()
    {
        do
        {
            // From here on another announcement starts another look.
            Volatile.Write(ref _isHearing, 0);
            var (hasNews, isSure) = await ReadAsync(isNews: true);
            if (hasNews) Heard?.Invoke();
            if (isSure) return;
        }
        while (await MayAskAgainAsync());
    }

    /// <summary>Nobody announces a purge twice: where a tier did not answer, one of those who asked asks again.</summary>
    private async Task<bool> MayAskAgainAsync()
    {
        if (Interlocked.Exchange(ref _isWaiting, 1) == 1) return false;
        await Task.Delay(s_askAgain, _time, _isStopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Volatile.Write(ref _isWaiting, 0);
        return !_isStopped.IsCancellationRequested;
    }

    /// <returns>Whether there was a mark that was not known here, and whether every tier that may have one has answered.</returns>
    private async Task<(bool HasNews, bool IsSure)> ReadAsync(bool isNews)
    {
        var read = await _engine.ReadSessionAsync(s_session, CancellationToken.None);
        var isSure = read.Unavailable == TierSet.None;
        if (read.Session is not { } session) return (false, isSure);
        var (now, hasNews) = (NowMs, false);
        foreach (var item in session.Items)
        {
            if (item.Value.Length != sizeof(long)) continue;
            var (mark, said) = (Encoding.UTF8.GetString(item.Key), BinaryPrimitives.ReadInt64LittleEndian(item.Value.ToArray()));
            if (_marks.TryGetValue(mark, out var known) && known.SaidMs >= said) continue;
            Set(mark, new Mark(said, isNews ? Math.Max(said, now) : said));
            hasNews = true;
        }

        session.Release();
        return (hasNews, isSure);
    }

    private void Set(string mark, Mark at)
    {
        _marks[mark] = at;
        long newest;
        while ((newest = Volatile.Read(ref _newest)) < at.FromMs)
            if (Interlocked.CompareExchange(ref _newest, at.FromMs, newest) == newest) break;
    }

    private bool IsMarked(ReadOnlySpan<byte> primary, StoredResponse head)
    {
        var (route, url) = Split(primary);
        if (IsAfter(Everything, head.AskedMs) || IsAfter(OfRoute(route), head.AskedMs) || IsAfter(OfKey(primary), head.AskedMs)) return true;
        foreach (var tag in head.Tags)
            if (IsAfter(OfTag(tag), head.AskedMs)) return true;
        foreach (var (mark, at) in _marks)
            if (mark[0] == 'p' && at.FromMs >= head.AskedMs && OfPrefix(route, url).StartsWith(mark, StringComparison.Ordinal)) return true;
        return false;
    }

    private bool IsAfter(string mark, long askedMs) => _marks.TryGetValue(mark, out var at) && at.FromMs >= askedMs;

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private static (string Route, string Url) Split(ReadOnlySpan<byte> primary)
    {
        var end = primary.IndexOf((byte)0);
        return (Encoding.UTF8.GetString(primary[2..end]), Encoding.Latin1.GetString(primary[(end + 1)..]));
    }

    private static byte[] BytesOf(long number)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return bytes;
    }

    /// <summary>When it was marked, by the clock of who did, and from when on it counts here.</summary>
    private readonly record struct Mark(long SaidMs, long FromMs);
}
