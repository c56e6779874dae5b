using System.Diagnostics;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>
/// Every fault on every tier under every rule: 1. All is well, something is written. 2. The server breaks. 3. Four engines write, read
/// and create conditionally. 4. The server is mended. 5. Everything acknowledged must be there, within a stated time. The table of
/// docs/failure-modes.md is what this prints.
/// </summary>
public sealed class FaultMatrixTests(ITestOutputHelper output)
{
    /// <summary>How long healing may take, from the moment that the server is well again.</summary>
    private static readonly TimeSpan s_healing = TimeSpan.FromSeconds(10);

    /// <summary>No call may wait so much longer than its tier's timeout; the benchmark measures the bound itself on a quiet machine.</summary>
    private static readonly TimeSpan s_longestMore = TimeSpan.FromMilliseconds(800);
    private static readonly string[] s_tiers = ["Redis", "PostgreSQL"];
    private const int AtOnce = 3;
    private const int Writes = 12;

    [Fact]
    public async Task Matrix_EveryFault_LosesNothingAndHeals()
    {
        using var places = new SemaphoreSlim(AtOnce);
        var groups = await Task.WhenAll(
            from tier in s_tiers from fault in Faults.All select InPlaceAsync(places, tier, fault));

        var lines = groups.SelectMany(group => group).ToList();
        foreach (var line in lines) output.WriteLine(line.ToString());
        Assert.True(lines.All(line => line.Fault is null), string.Join('\n', lines.Where(line => line.Fault is not null).Select(line => $"{line.Case}: {line.Fault}")));
        FailureModesPage.Check(lines);
    }

    private static async Task<IReadOnlyList<MatrixLine>> InPlaceAsync(SemaphoreSlim places, string tier, string fault)
    {
        await places.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            await using var server = await (tier == "Redis" ? RedisFaults.OpenAsync(fault) : PostgresFaults.OpenAsync(fault));
            return await RunAsync(server, tier, fault);
        }
        finally
        {
            places.Release();
        }
    }

    private static async Task<IReadOnlyList<MatrixLine>> RunAsync(BrokenServer server, string tier, string fault)
    {
        if (server.IsBrokenFromTheStart) await server.BreakAsync();
        var sidecars = (from write in new[] { "Through", "Behind" }
                        from onFailure in new[] { "Degrade", "Fail" }
                        select new MatrixSidecar(new MatrixCase(tier, fault, write, onFailure), server.Url, Faults.TimeoutUnder(server.Effect))).ToList();
        try
        {
            if (!server.IsBrokenFromTheStart)
            {
                foreach (var sidecar in sidecars) await SettleAsync(sidecar);
                await server.BreakAsync();
            }
            else
            {
                foreach (var sidecar in sidecars) await Eventually.HoldsAsync(() => sidecar.State.Health == RemoteHealth.Unavailable, () => $"the tier is {sidecar.State}");
            }

            var observed = await Task.WhenAll(sidecars.Select(ObserveAsync));
            await server.MendAsync();
            var mended = Stopwatch.GetTimestamp();
            return await Task.WhenAll(sidecars.Select((sidecar, i) => HealAsync(sidecar, server.Effect, observed[i], mended)));
        }
        finally
        {
            foreach (var sidecar in sidecars) await sidecar.DisposeAsync();
        }
    }

    /// <summary>All is well, and the tier has what was written.</summary>
    private static async Task SettleAsync(MatrixSidecar sidecar)
    {
        await Eventually.HoldsAsync(() => sidecar.State.Health == RemoteHealth.Healthy, () => $"the tier is {sidecar.State}");
        await Eventually.HoldsAsync(async () => await sidecar.WriteAsync() == "204", () => "a write is not taken though all is well");
        await Eventually.HoldsAsync(async () => await sidecar.MissingThereAsync() is null, () => "the tier does not get what was written");
        sidecar.Waits.Clear();
    }

    private static async Task<Observed> ObserveAsync(MatrixSidecar sidecar)
    {
        var (writes, reads, creations) = (new HashSet<string>(), new HashSet<string>(), new HashSet<string>());
        for (var i = 0; i < Writes; i++)
        {
            writes.Add(await sidecar.WriteAsync());
            if (i % 4 == 3) reads.Add(await sidecar.ReadAsync());
            if (i % 6 == 5) creations.Add(await sidecar.CreateAsync());
        }

        return new Observed(writes, reads, creations, sidecar.Waits.Max(), sidecar.Waits.TakeLast(4).Min());
    }

    private static async Task<MatrixLine> HealAsync(MatrixSidecar sidecar, FaultEffect effect, Observed observed, long mended)
    {
        var line = sidecar.Line;
        string? missing;
        while ((missing = await sidecar.MissingThereAsync() ?? await sidecar.MissingHereAsync()) is not null && Stopwatch.GetElapsedTime(mended) < s_healing) await Task.Delay(20);
        var healed = Stopwatch.GetElapsedTime(mended);
        return new MatrixLine(line, effect, observed.Longest, observed.WhenKnown, healed)
        {
            Fault = missing
                ?? Differs("a write", observed.Writes, line.Writes(effect))
                ?? Differs("a read", observed.Reads, line.Reads(effect))
                ?? Differs("a conditional write", observed.Creations, MatrixCase.Conditions(effect))
                ?? (observed.Longest > Faults.TimeoutUnder(effect) + s_longestMore ? $"a call waited {observed.Longest}" : null),
        };
    }

    private static string? Differs(string what, HashSet<string> observed, string[] expected)
        => observed.IsSubsetOf(expected) ? null : $"{what} was answered with {string.Join(", ", observed)} and not {string.Join(" or ", expected)}";

    private sealed record Observed(HashSet<string> Writes, HashSet<string> Reads, HashSet<string> Creations, TimeSpan Longest, TimeSpan WhenKnown);
}
