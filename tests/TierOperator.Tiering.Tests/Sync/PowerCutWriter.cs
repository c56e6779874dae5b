using System.Globalization;
using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>
/// A caller with sessions of its own, which remembers what was acknowledged. What was refused, or taken below its level, may have happened, or happen
/// later, for one tier may have it; but never after something newer was acknowledged. And what a read has found nothing older replaces.
/// </summary>
internal sealed class PowerCutWriter(int number, int seed)
{
    private const int Sessions = 5;
    private static readonly string[] s_items = ["a", "b", "c"];
    private readonly Random _random = new(seed);
    private int _step;

    /// <summary>By session and item: the values that it may have, oldest first. Null is absent.</summary>
    private readonly Dictionary<(string Session, string Item), List<string?>> _possible = [];

    public int Acknowledged { get; private set; }

    public async Task WriteAsync(TierEngine engine, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var (session, item) = ($"w{number}-{_random.Next(Sessions)}", s_items[_random.Next(s_items.Length)]);
            switch (_random.Next(10))
            {
                case 0:
                    await ChangeAsync(session, s_items, null, () => engine.DeleteSessionAsync(Key(session), default, CancellationToken.None), stop);
                    break;
                case 1:
                    await ChangeAsync(session, [item], null, () => engine.DeleteItemAsync(Key(session), Key(item), default, CancellationToken.None), stop);
                    break;
                case 2:
                    await engine.EvictAsync(Key(session), CancellationToken.None);
                    break;
                default:
                    var value = Value();
                    await ChangeAsync(session, [item], value, () => engine.PutAsync(Key(session), new ItemWrite(Key(item), "text/plain", ItemValue.From(Key(value))), default, CancellationToken.None), stop);
                    break;
            }
        }
    }

    /// <summary>Reads everything back; the first difference, or null.</summary>
    public async Task<string?> DifferenceAsync(TierEngine engine)
    {
        foreach (var ((session, item), possible) in _possible)
        {
            var (found, source) = await FoundAsync(engine, session, item);
            if (!possible.Contains(found)) return $"{session}/{item}: found {Text(found)} in {source}, acknowledged was {string.Join(" or ", possible.Select(Text))}";
            possible.RemoveRange(0, possible.IndexOf(found));
        }

        return null;
    }

    /// <summary>What the tiers have, once all of them can say, which on a loaded machine may be after a timeout or two.</summary>
    private static async Task<(string? Value, TierSet Source)> FoundAsync(TierEngine engine, string session, string item)
    {
        ReadOutcome outcome = default;
        await Eventually.HoldsAsync(
            async () =>
            {
                outcome = await engine.ReadAsync(Key(session), Key(item), CancellationToken.None);
                var isKnown = outcome.Status is ReadStatus.Found or ReadStatus.NotFound && outcome.Unavailable == TierSet.None;
                if (!isKnown) outcome.Value.Release();
                return isKnown;
            },
            () => $"{session}/{item}: {outcome.Status}, {outcome.Unavailable}");
        var value = outcome.Status == ReadStatus.Found ? Encoding.UTF8.GetString(outcome.Value.ToArray()) : null;
        outcome.Value.Release();
        return (value, outcome.Source);
    }

    private async Task ChangeAsync(string session, string[] items, string? value, Func<ValueTask<WriteOutcome>> change, CancellationToken stop)
    {
        foreach (var item in items)
        {
            if (!_possible.TryGetValue((session, item), out var possible)) _possible[(session, item)] = possible = [null];
            possible.Add(value);
        }

        var outcome = await change();
        if (stop.IsCancellationRequested) return; // what is said without power nobody hears
        if (outcome.Status is not (WriteStatus.Created or WriteStatus.Replaced or WriteStatus.NotFound)) return;
        Acknowledged++;
        foreach (var item in items) _possible[(session, item)] = [value];
    }

    /// <summary>Each its own, some larger than a sector so that a cut can tear them.</summary>
    private string Value() => string.Create(CultureInfo.InvariantCulture, $"{number}.{_step++} {new string('x', _random.Next(4) == 0 ? _random.Next(20_000) : _random.Next(300))}");

    private static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(string? value) => value is null ? "nothing" : $"{value.Length} of {value[..value.IndexOf(' ', StringComparison.Ordinal)]}";
}
