namespace TierOperator.EndToEnd.Tests;

/// <summary>
/// The executable under writers, killed at random moments. TIER_SOAK=1 runs 200 rounds. Each failure names its seed.
/// </summary>
public sealed class CrashTests
{
    private const int Writers = 4;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Kill_AtRandomMoments_LosesNothingAcknowledged()
        => await CrashAsync("ack: Disk", IsSoak ? 200 : 5, disturb: false, SidecarEnd.Kill);

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Kill_DuringCompactionAndCheckpoints_LosesNothingAcknowledged()
        => await CrashAsync("ack: Disk", IsSoak ? 50 : 3, disturb: true, SidecarEnd.Kill);

    [Fact]
    public async Task Terminate_AtAckMemory_DrainsEverything()
        => await CrashAsync("ack: Memory", rounds: 2, disturb: false, SidecarEnd.Terminate);

    private enum SidecarEnd { Kill, Terminate }

    private static bool IsSoak => Environment.GetEnvironmentVariable("TIER_SOAK") == "1";

    private static async Task CrashAsync(string rule, int rounds, bool disturb, SidecarEnd end)
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var folder = Directory.CreateTempSubdirectory("tier-crash-").FullName;
        var policy = Path.Combine(folder, "policy.yaml");
        await File.WriteAllTextAsync(policy, Policy(rule));
        var writers = Enumerable.Range(0, Writers).Select(number => new CrashWriter(number, random.Next())).ToList();
        for (var round = 0; round <= rounds; round++)
        {
            await using var sidecar = await SidecarProcess.StartAsync(policy, Path.Combine(folder, "data"));
            foreach (var writer in writers)
                if (await writer.DifferenceAsync(sidecar.Client) is { } difference) Assert.Fail($"seed {seed}, round {round}: {difference}");
            if (round == rounds) continue;
            await RunAsync(sidecar, writers, TimeSpan.FromMilliseconds(random.Next(150, 900)), disturb, end);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task RunAsync(SidecarProcess sidecar, List<CrashWriter> writers, TimeSpan length, bool disturb, SidecarEnd end)
    {
        using var stop = new CancellationTokenSource();
        var before = writers.Sum(static writer => writer.Acknowledged);
        var work = writers.Select(writer => Task.Run(() => writer.WriteAsync(sidecar.Client, stop.Token))).ToList();
        if (disturb) work.Add(DisturbAsync(sidecar.Client));
        await FirstWrite.AcknowledgedAsync(() => writers.Sum(static writer => writer.Acknowledged), before);
        await Task.Delay(length);
        if (end == SidecarEnd.Kill) await sidecar.KillAsync();
        else Assert.Equal(0, await sidecar.TerminateAsync());
        await stop.CancelAsync();
        await Task.WhenAll(work);
    }

    /// <summary>Has the disk rewritten and copied all the time, so that a kill falls into it.</summary>
    private static async Task DisturbAsync(HttpClient client)
    {
        try
        {
            while (true)
            {
                using var compacted = await client.PostAsync("/v1/storage/compact", null);
                using var copied = await client.PostAsync("/v1/checkpoints", null);
            }
        }
        catch (HttpRequestException)
        {
            // the process is dead
        }
    }

    private static string Policy(string rule)
        => "apiVersion: tieroperator.io/v1alpha1\nkind: TierPolicy\nmetadata: {name: crash}\nspec:\n  selector: {matchLabels: {app: crash}}\n"
           + "  tiers: {memory: {capacity: 2Mi, ttl: 1h}, spillover: {capacity: 128Mi, ttl: 7d}}\n"
           + $"  rules: [{{name: all, match: {{sessions: ['*']}}, {rule}}}]\n";
}
