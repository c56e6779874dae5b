using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using TierOperator.TestKit.Engine;
using TierOperator.TestKit.History;
using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Torture;

/// <summary>Reads and writes of one item, from many threads at once, behave as if each had happened at one moment.</summary>
public sealed class LinearizabilityTests
{
    private const int Keys = 6;

    [Fact]
    public void Checker_PlantedStaleRead_IsRejected()
    {
        RegisterCall[] sound =
        [
            new(RegisterAction.Write, 0, 10) { Value = 1 },
            new(RegisterAction.Write, 20, 40) { Value = 2 },
            new(RegisterAction.Read, 25, 30) { Value = 2 },
            new(RegisterAction.Read, 32, 35) { Value = 2 },
        ];
        var stale = sound.Append(new RegisterCall(RegisterAction.Read, 45, 50) { Value = 1 });
        var backAndForth = sound.Append(new RegisterCall(RegisterAction.Read, 36, 38) { Value = 1 });

        Assert.True(Linearizability.Holds(sound));
        Assert.False(Linearizability.Holds(stale));
        Assert.False(Linearizability.Holds(backAndForth));
    }

    [Fact]
    public void Checker_LostUpdateAndDoubleCreate_AreRejected()
    {
        Assert.False(Linearizability.Holds(
        [
            new RegisterCall(RegisterAction.Write, 0, 1) { Value = 1 },
            new RegisterCall(RegisterAction.WriteIf, 2, 9) { Expected = 1, Value = 2 },
            new RegisterCall(RegisterAction.WriteIf, 3, 8) { Expected = 1, Value = 3 },
        ]));
        Assert.False(Linearizability.Holds(
        [
            new RegisterCall(RegisterAction.WriteIfAbsent, 0, 9) { Value = 1 },
            new RegisterCall(RegisterAction.WriteIfAbsent, 1, 8) { Value = 2 },
        ]));
        Assert.True(Linearizability.Holds(
        [
            new RegisterCall(RegisterAction.WriteIfAbsent, 0, 9) { Value = 1 },
            new RegisterCall(RegisterAction.WriteIfAbsent, 1, 8) { Value = 2, Done = false },
        ]));
    }

    [Theory]
    [Trait("Category", "Soak")]
    [InlineData("Mirror", "ack: Disk, promoteAfter: 1")]
    [InlineData("Mirror", "ack: Memory, promoteAfter: 3")]
    [InlineData("Mirror", "ack: Disk, write: Around")]
    [InlineData("Overflow", "ack: Memory, promoteAfter: 1")]
    public async Task Engine_ConcurrentCalls_AreLinearizable(string mode, string rule)
    {
        await using var harness = new EngineHarness(
            $"tiers: {{memory: {{capacity: 1Mi, ttl: 1h}}, spillover: {{capacity: 512Mi, ttl: 7d, mode: {mode}}}}}\nrules: [{{name: all, match: {{sessions: ['*']}}, {rule}}}]");
        var histories = Enumerable.Range(0, Keys).Select(_ => new ConcurrentQueue<RegisterCall>()).ToArray();
        var values = 0;
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
        {
            var random = new Random(client);
            for (var i = 0; i < (TortureSettings.IsSoak ? 20_000 : 700); i++)
            {
                var key = random.Next(Keys);
                histories[key].Enqueue(await CallAsync(harness, key, random, () => Interlocked.Increment(ref values)));
            }
        })).ToList();
        var mover = Task.Run(() => MoveAsync(harness, stop.Token));
        await Task.WhenAll(clients);
        await stop.CancelAsync();
        await mover;

        for (var key = 0; key < Keys; key++)
            Assert.Null(Linearizability.Fault(histories[key]));
    }

    /// <summary>Has sessions evicted, loaded and touched under the clients' feet.</summary>
    private static async Task MoveAsync(EngineHarness harness, CancellationToken stop)
    {
        var random = new Random(99);
        while (!stop.IsCancellationRequested)
        {
            var key = EngineHarness.Key($"s{random.Next(Keys)}");
            if (random.Next(3) == 0) await harness.Engine.LoadAsync(key, CancellationToken.None);
            else if (random.Next(4) == 0) await harness.Engine.TouchAsync(key, CancellationToken.None);
            else await harness.Engine.EvictAsync(key, CancellationToken.None);
            await Task.Yield();
        }
    }

    private static async Task<RegisterCall> CallAsync(EngineHarness harness, int key, Random random, Func<int> newValue)
    {
        var (session, item) = ($"s{key}", "i");
        var kind = random.Next(10);
        var before = kind == 0 ? await harness.Engine.ReadAsync(EngineHarness.Key(session), EngineHarness.Key(item), CancellationToken.None) : default;
        var began = Stopwatch.GetTimestamp();
        if (kind < 1 && before.Status == ReadStatus.Found)
        {
            var value = newValue();
            var outcome = await PutAsync(harness, session, item, value, random, new Precondition { AnyOf = [before.Version] });
            var call = new RegisterCall(RegisterAction.WriteIf, began, Stopwatch.GetTimestamp()) { Value = value, Expected = Parse(before), Done = outcome.Succeeded };
            return Known(call, outcome, WriteStatus.PreconditionFailed);
        }

        if (kind < 2)
        {
            var value = newValue();
            var outcome = await PutAsync(harness, session, item, value, random, new Precondition { MustNotExist = true });
            var call = new RegisterCall(RegisterAction.WriteIfAbsent, began, Stopwatch.GetTimestamp()) { Value = value, Done = outcome.Succeeded };
            return Known(call, outcome, WriteStatus.PreconditionFailed);
        }

        if (kind < 4)
        {
            var value = newValue();
            var outcome = await PutAsync(harness, session, item, value, random, default);
            return Known(new RegisterCall(RegisterAction.Write, began, Stopwatch.GetTimestamp()) { Value = value }, outcome, WriteStatus.Created);
        }

        if (kind < 5)
        {
            var outcome = await harness.Engine.DeleteItemAsync(EngineHarness.Key(session), EngineHarness.Key(item), default, CancellationToken.None);
            return Known(new RegisterCall(RegisterAction.Delete, began, Stopwatch.GetTimestamp()) { Done = outcome.Succeeded }, outcome, WriteStatus.NotFound);
        }

        var read = await harness.Engine.ReadAsync(EngineHarness.Key(session), EngineHarness.Key(item), CancellationToken.None);
        var ended = Stopwatch.GetTimestamp();
        Assert.Contains(read.Status, (ReadStatus[])[ReadStatus.Found, ReadStatus.NotFound]);
        return new RegisterCall(RegisterAction.Read, began, ended) { Value = read.Status == ReadStatus.Found ? Parse(read) : null };
    }

    private static RegisterCall Known(RegisterCall call, WriteOutcome outcome, WriteStatus refusal)
    {
        Assert.True(outcome.Succeeded || outcome.Status == refusal, $"{call}: {outcome.Status} {outcome.Detail}");
        return call;
    }

    /// <summary>The number, and now and then so much behind it that the value is a large one.</summary>
    private static ValueTask<WriteOutcome> PutAsync(EngineHarness harness, string session, string item, int value, Random random, Precondition condition)
    {
        var bytes = new byte[random.Next(10) == 0 ? 70_000 : 100];
        Encoding.ASCII.GetBytes(value.ToString("d9", CultureInfo.InvariantCulture), bytes);
        return harness.PutAsync(session, item, bytes, new WriteOptions { Condition = condition });
    }

    private static int Parse(ReadOutcome read)
    {
        var bytes = read.Value.ToArray();
        read.Value.Release();
        return int.Parse(Encoding.ASCII.GetString(bytes, 0, 9), CultureInfo.InvariantCulture);
    }
}
