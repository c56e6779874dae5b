using System.Collections.Concurrent;
using System.Globalization;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>An administrator restarts PostgreSQL, again and again, while a sidecar is written to: no caller is refused, and in the end PostgreSQL has it all.</summary>
public sealed class PostgresRestartTests(SharedServers servers) : IClassFixture<SharedServers>
{
    private const int Writers = 4;
    private const int Restarts = 3;
    private readonly ConcurrentDictionary<string, string> _acknowledged = new();
    private readonly ConcurrentQueue<string> _refused = new();

    [Theory]
    [InlineData("write: Through, ack: Postgres")]
    [InlineData("write: Behind, ack: Disk")]
    public async Task Postgres_RestartedUnderLoad_RefusesNothingAndLosesNothing(string rule)
    {
        servers.Anew();
        await using (var pod = new RealSidecar(servers, 1, TimeSpan.Zero, rule))
        {
            await pod.SettledAsync();
            await RestartUnderLoadAsync(pod);
            await pod.SettledAsync();
            Assert.Empty(pod.Engine.ListDeadLetters());
        }

        await servers.Redis.RunAsync("FLUSHALL");
        await using var reader = new RealSidecar(servers, 2, TimeSpan.Zero, rule);
        await reader.SettledAsync();

        Assert.Empty(_refused);
        foreach (var (session, value) in _acknowledged) Assert.Equal(value, await reader.KnownAsync(session, "i"));
    }

    private async Task RestartUnderLoadAsync(RealSidecar pod)
    {
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(pod, writer, stop.Token))));
        for (var restart = 0; restart < Restarts; restart++)
        {
            var before = pod.Engine.Status().Tiers[3].SettledMs;
            await servers.Postgres.RestartAsync();
            await Eventually.HoldsAsync(
                () => pod.Engine.Status().Tiers[3] is { State: "Healthy" } tier && tier.SettledMs > before, () => string.Join('\n', pod.Engine.Status().Tiers));
        }

        await stop.CancelAsync();
        await load;
    }

    /// <summary>Each session once: a later write would bring back what was lost. At a pace, so that they can all be read in the end.</summary>
    private async Task WriteAsync(RealSidecar pod, int writer, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var (session, value) = (string.Create(CultureInfo.InvariantCulture, $"w{writer}-{number}"), number.ToString(CultureInfo.InvariantCulture));
            var outcome = await pod.PutAsync(session, "i", value);
            if (outcome.Status is WriteStatus.Created or WriteStatus.Replaced or WriteStatus.Accepted) _acknowledged[session] = value;
            else _refused.Enqueue($"{session}: {outcome.Status} {outcome.Detail}");
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
