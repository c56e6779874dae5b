using System.Text;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Tests.Disk;

/// <summary>
/// A fixed sequence of batches against a plain oracle. Knows what was acknowledged, and what was on its way when the
/// disk gave up, so that a reopened store can be judged.
/// </summary>
internal sealed class ScriptedWorkload(int seed, int steps = 70)
{
    private const int SessionCount = 6;
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, SortedDictionary<string, string>?> _acknowledged = [];
    private readonly Dictionary<string, SortedDictionary<string, string>?> _attempted = [];

    /// <summary>Runs to the end, or until a batch was refused when <paramref name="stopAtFailure"/>.</summary>
    public async Task RunAsync(DiskStore store, bool stopAtFailure)
    {
        for (var step = 0; step < steps; step++)
        {
            if (step % 10 == 9) await store.MaintainAsync();
            if (step % 25 == 24)
            {
                try
                {
                    await store.CompactAsync(CancellationToken.None);
                }
                catch (Exception error) when (DiskErrors.IsDiskError(error))
                {
                    // The injected fault met the compaction: nothing may be lost by that.
                }
            }

            var name = "s" + _random.Next(SessionCount);
            var (batch, after) = Next(name, step);
            _attempted[name] = after;
            var status = store.TryAppend(batch, out var ticket);
            if (status == AppendStatus.Ok && await store.WaitDurableAsync(ticket))
            {
                _acknowledged[name] = after;
                continue;
            }

            if (stopAtFailure) return;
            await HealAsync(store, name);
        }
    }

    /// <summary>Every acknowledged batch is there, whole; what was on its way is there whole or not at all.</summary>
    public void Check(DiskStore store, string context)
    {
        for (var i = 0; i < SessionCount; i++)
        {
            var name = "s" + i;
            var found = Read(store, name);
            if (Same(found, _acknowledged.GetValueOrDefault(name)) || Same(found, _attempted.GetValueOrDefault(name))) continue;
            Assert.Fail($"{context}: {name} is {Show(found)}, acknowledged was {Show(_acknowledged.GetValueOrDefault(name))}, attempted {Show(_attempted.GetValueOrDefault(name))}.");
        }
    }

    private (DiskBatch Batch, SortedDictionary<string, string>? After) Next(string name, int step)
    {
        var key = DiskFolder.Key(name);
        var before = _acknowledged.GetValueOrDefault(name);
        var after = before is null ? [] : new SortedDictionary<string, string>(before, StringComparer.Ordinal);
        var version = new ItemVersion((ulong)step + 1, 1);
        var item = "i" + _random.Next(5);
        var value = $"{step}:" + new string((char)('a' + (step % 26)), _random.Next(3000));
        switch (_random.Next(10))
        {
            case 0:
                return (new DiskBatch().DeleteSession(key, version), null);
            case 1 when before is not null:
                after.Remove(item);
                return (new DiskBatch().DeleteItem(key, DiskFolder.Header(), 0, DiskFolder.Key(item), version), after);
            case 2:
                after = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["x"] = value, ["y"] = value };
                return (new DiskBatch().DeleteSession(key, version)
                    .Put(key, DiskFolder.Header(), 0, DiskFolder.Key("x"), "t/x", version, DiskFolder.Value(value))
                    .Put(key, DiskFolder.Header(), 0, DiskFolder.Key("y"), "t/y", version, DiskFolder.Value(value)), after);
            case 3 when before is not null:
                return (new DiskBatch().PutHeader(key, DiskFolder.Header("touched"), 0), after);
            default:
                after[item] = value;
                return (DiskFolder.Put(name, item, value, version: (ulong)step + 1), after);
        }
    }

    /// <summary>What the engine does after a failed write: waits for the disk, writes the session whole, settles it.</summary>
    private async Task HealAsync(DiskStore store, string name)
    {
        var key = DiskFolder.Key(name);
        for (var tries = 0; tries < 50; tries++)
        {
            await store.MaintainAsync();
            var batch = new DiskBatch().DeleteSession(key, new ItemVersion(1, 1));
            foreach (var (item, value) in _attempted[name] ?? [])
                batch.Put(key, DiskFolder.Header(), 0, DiskFolder.Key(item), "text/plain", new ItemVersion(2, 2), DiskFolder.Value(value));
            if (store.TryAppend(batch, out var ticket) != AppendStatus.Ok || !await store.WaitDurableAsync(ticket)) continue;
            store.Settle(key);
            _acknowledged[name] = _attempted[name];
            return;
        }

        Assert.Fail("The store did not heal.");
    }

    private static SortedDictionary<string, string>? Read(DiskStore store, string name)
    {
        var status = store.TryReadSession(DiskFolder.Key(name), out var session);
        if (status == DiskReadStatus.NotFound) return null;
        Assert.Equal(DiskReadStatus.Found, status);
        var items = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in session.Items) items.Add(Encoding.UTF8.GetString(item.Key), Encoding.UTF8.GetString(item.Value.ToArray()));
        session.Release();
        return items;
    }

    private static bool Same(SortedDictionary<string, string>? left, SortedDictionary<string, string>? right)
        => left is null ? right is null : right is not null && left.SequenceEqual(right);

    private static string Show(SortedDictionary<string, string>? items)
        => items is null ? "absent" : string.Join(",", items.Select(pair => $"{pair.Key}={pair.Value[..Math.Min(6, pair.Value.Length)]}"));
}
