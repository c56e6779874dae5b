using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>One sidecar writes after another, with a clock that is behind: whoever waited for the tier that decides has written what stands there.</summary>
public sealed class LateClockTests : IAsyncDisposable
{
    private const int LargeBytes = 200_000;
    private readonly ModelTier _redis = new(TierSet.Redis);
    private readonly ModelTier _postgres = new(TierSet.Postgres);

    [Theory]
    [InlineData("Redis")]
    [InlineData("All")]
    public async Task Put_AfterAnothersPut_IsWhatStandsThere(string ack)
    {
        await using var first = Pod(ack, 1);
        await using var late = Pod(ack, 2);
        await first.PutAsync("s", "i", "old");
        await first.PutAsync("s", "kept", "k");
        var written = await late.PutAsync("s", "i", "new");

        await AssertAgreedAsync(first, late, "i", "new");
        await AssertAgreedAsync(first, late, "kept", "k");
        Assert.Equal(written.Version, (await late.ReadAsync("s", "i")).Version);
    }

    /// <summary>Memory has taken the value over when the tier answers.</summary>
    [Fact]
    public async Task PutOfALargeValue_AfterAnothersPut_IsWhatStandsThere()
    {
        await using var first = Pod("All", 1);
        await using var late = Pod("All", 2);
        await first.PutAsync("s", "i", "old");
        await late.PutAsync("s", "i", new string('n', LargeBytes));

        Assert.Equal(LargeBytes, (await SharedHarness.StoredAsync(_redis, "s", "i"))?.Length);
        Assert.Equal(LargeBytes, (await SharedHarness.StoredAsync(_postgres, "s", "i"))?.Length);
    }

    [Theory]
    [InlineData("Redis")]
    [InlineData("All")]
    public async Task Put_AfterAnothersDelete_IsThere(string ack)
    {
        await using var first = Pod(ack, 1);
        await using var late = Pod(ack, 2);
        await first.PutAsync("s", "i", "old");
        await first.DeleteAsync("s");
        await late.PutAsync("s", "i", "new");

        await AssertAgreedAsync(first, late, "i", "new");
    }

    [Theory]
    [InlineData("Redis")]
    [InlineData("All")]
    public async Task Delete_AfterAnothersPut_LeavesNothing(string ack)
    {
        await using var first = Pod(ack, 1);
        await using var late = Pod(ack, 2);
        await first.PutAsync("s", "i", "old");
        Assert.True((await late.DeleteAsync("s")).Succeeded);

        await AssertAgreedAsync(first, late, "i", null);
    }

    [Fact]
    public async Task Replace_AfterAnothersPut_LeavesWhatItPut()
    {
        await using var first = Pod("All", 1);
        await using var late = Pod("All", 2);
        await first.PutAsync("s", "i", "old");
        var item = new ItemWrite(SharedHarness.Key("j"), "text/plain", ItemValue.From("new"u8.ToArray()));
        Assert.True((await late.Engine.ReplaceSessionAsync(SharedHarness.Key("s"), [item], default, CancellationToken.None)).Succeeded);

        await AssertAgreedAsync(first, late, "i", null);
        await AssertAgreedAsync(first, late, "j", "new");
    }

    /// <summary>No local tier holds the value.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(LargeBytes)]
    public async Task Put_UnderARuleOfRedisAlone_AfterAnothersDelete_IsThere(int bytes)
    {
        const string rule = "write: Through, ack: Redis, tiers: [redis]";
        await using var first = new SharedHarness(rule, _redis, _postgres);
        await using var late = new SharedHarness(rule, _redis, _postgres, node: 2, heard: TierSet.None, time: Behind(200));
        await first.PutAsync("s", "i", "old");
        await first.DeleteAsync("s");
        await late.PutAsync("s", "i", new string('n', bytes));

        Assert.Equal(bytes, (await SharedHarness.StoredAsync(_redis, "s", "i"))?.Length);
    }

    /// <summary>Writes that wait for the tier together have one answer, of the newest of them: none is made again behind those that came after it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WritesHere_ThatReachTheTierTogether_EndInTheirOrder(bool endsWithDelete)
    {
        await using var pod = Pod("All", 1);
        var answers = new TaskCompletionSource();
        _redis.AfterApplying = () => answers.Task;
        List<Task<WriteOutcome>> writes = [pod.PutAsync("s", "i", "first").AsTask()];
        await Eventually.HoldsAsync(() => _redis.AfterApplying is null, () => "nothing is sent");
        for (var number = 0; number < 20; number++) writes.Add(pod.PutAsync("s", "i", $"{number}").AsTask());
        writes.Add(endsWithDelete ? pod.DeleteAsync("s").AsTask() : pod.PutAsync("s", "i", "last").AsTask());
        answers.SetResult();
        await Task.WhenAll(writes);

        await AssertAgreedAsync(pod, pod, "i", endsWithDelete ? null : "last");
    }

    /// <summary>A clock that is wrong by more than is taken over: all agree, and the one that is ahead wins.</summary>
    [Fact]
    public async Task Put_WithAClockAnHourBehind_GivesWay()
    {
        await using var first = Pod("All", 1);
        await using var late = new SharedHarness("write: Through, ack: All", _redis, _postgres, node: 2, time: Behind(3_600_000));
        await first.PutAsync("s", "i", "old");
        await late.PutAsync("s", "i", "new");

        await AssertAgreedAsync(first, late, "i", "old");
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <summary>The second pod's clock is 200 ms behind, and it hears of nothing that the first one does.</summary>
    private SharedHarness Pod(string ack, uint node)
        => new($"write: Through, ack: {ack}", _redis, _postgres, node: node, heard: TierSet.None, time: node == 1 ? null : Behind(200));

    private static SkewedTime Behind(int ms) => new(TimeSpan.FromMilliseconds(-ms));

    private async Task AssertAgreedAsync(SharedHarness first, SharedHarness late, string item, string? value)
    {
        await first.SettledAsync();
        await late.SettledAsync();
        Assert.Equal(value, await SharedHarness.StoredAsync(_redis, "s", item));
        Assert.Equal(value, await SharedHarness.StoredAsync(_postgres, "s", item));
        await using var reader = new SharedHarness("write: Through, ack: All", _redis, _postgres, node: 3);
        Assert.Equal(value, await reader.ValueAsync("s", item));
    }
}
