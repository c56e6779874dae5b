using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>
/// What was purged, and when: a response asked for before that is gone, whatever tier holds it. So a purge costs the same
/// however much it takes away, and reaches fills that are under way too.
/// </summary>
/// <remarks>
/// Thread-safe. Bounded: when there are too many marks, all become one that takes everything before it. The marks are
/// kept in the tiers beside the responses, so that a restart brings back neither without the other.
/// </remarks>
internal sealed class PurgeMarks(TierEngine engine, TimeProvider time) : IDisposable
{
    private const int MostMarks = 10_000;
    private static readonly byte[] s_session = [ReservedKeys.FirstByte, (byte)'p'];
    private static readonly byte[] s_item = "marks"u8.ToArray();
    private static readonly TimeSpan s_keep = TimeSpan.FromDays(400);
    private readonly SemaphoreSlim _saving = new(1);
    private ConcurrentDictionary<string, long> _marks = new(StringComparer.Ordinal);
    private long _newest;

    /// <summary>Everything of all routes, of one route, with a tag, or whose URL starts with a text.</summary>
    public static string OfRoute(string route) => $"r{route}";
    public static string OfTag(string tag) => $"t{tag}";
    public static string OfPrefix(string route, string prefix) => $"p{route}\0{prefix}";

    /// <summary>Reads what earlier runs marked.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var read = await engine.ReadAsync(s_session, s_item, cancellationToken);
        if (read.Status != ReadStatus.Found) return;
        using var value = new Held(read.Value);
        var marks = JsonSerializer.Deserialize(read.Value.ToArray(), PurgeJsonContext.Default.DictionaryStringInt64) ?? [];
        foreach (var (mark, at) in marks) _marks[mark] = at;
        _newest = marks.Count == 0 ? 0 : marks.Values.Max();
    }

    /// <summary>Marks, and returns when the mark is where the responses are.</summary>
    public async Task MarkAsync(string mark, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (_marks.Count >= MostMarks) _marks = new ConcurrentDictionary<string, long>(StringComparer.Ordinal) { ["a"] = now };
        _marks[mark] = now;
        Volatile.Write(ref _newest, now);
        await _saving.WaitAsync(cancellationToken);
        try
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, long>(_marks), PurgeJsonContext.Default.DictionaryStringInt64);
            await engine.PutAsync(s_session, new ItemWrite(s_item, "application/json", ItemValue.From(json)), new WriteOptions { Ttl = s_keep }, CancellationToken.None);
            await engine.FlushAsync(cancellationToken);
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Whether a response of this key was purged after it was asked for.</summary>
    public bool Covers(ReadOnlySpan<byte> primary, StoredResponse head) => head.AskedMs <= Volatile.Read(ref _newest) && IsMarked(primary, head);

    public void Dispose() => _saving.Dispose();

    private bool IsMarked(ReadOnlySpan<byte> primary, StoredResponse head)
    {
        var end = primary.IndexOf((byte)0);
        var route = Encoding.UTF8.GetString(primary[2..end]);
        if (IsAfter("a", head.AskedMs) || IsAfter(OfRoute(route), head.AskedMs)) return true;
        foreach (var tag in head.Tags)
            if (IsAfter(OfTag(tag), head.AskedMs)) return true;
        var url = Encoding.Latin1.GetString(primary[(end + 1)..]);
        foreach (var (mark, at) in _marks)
            if (mark[0] == 'p' && at >= head.AskedMs && OfPrefix(route, url).StartsWith(mark, StringComparison.Ordinal)) return true;
        return false;
    }

    private bool IsAfter(string mark, long askedMs) => _marks.TryGetValue(mark, out var at) && at >= askedMs;

    private readonly struct Held(ItemValue value) : IDisposable
    {
        public void Dispose() => value.Release();
    }
}
