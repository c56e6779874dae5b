namespace TierOperator.EndToEnd.Tests;

/// <summary>
/// The executable under Redis clients that write in pipelines, killed at random moments: every acknowledged write is there afterwards,
/// nothing deleted is, and no transaction stands by half. TIER_SOAK=1 runs 100 rounds. Each failure names its seed.
/// </summary>
public sealed class RespCrashTests
{
    private const int Writers = 4;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Kill_UnderRedisClients_LosesNothingAcknowledged()
    {
        var seed = Environment.GetEnvironmentVariable("TIER_SEED") is { } given ? int.Parse(given) : Random.Shared.Next();
        var (random, rounds) = (new Random(seed), Environment.GetEnvironmentVariable("TIER_SOAK") == "1" ? 100 : 4);
        var folder = Directory.CreateTempSubdirectory("tier-resp-crash-").FullName;
        var policy = Path.Combine(folder, "policy.yaml");
        await File.WriteAllTextAsync(policy, Policy);
        var writers = Enumerable.Range(0, Writers).Select(number => new RespCrashWriter(number, random.Next())).ToList();
        for (var round = 0; round <= rounds; round++)
        {
            await using var sidecar = await SidecarProcess.StartAsync(policy, Path.Combine(folder, "data"));
            foreach (var writer in writers)
                if (await writer.DifferenceAsync(sidecar.Resp) is { } difference) Assert.Fail($"seed {seed}, round {round}: {difference}");
            if (round < rounds) await CrashAsync(sidecar, writers, random);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task CrashAsync(SidecarProcess sidecar, List<RespCrashWriter> writers, Random random)
    {
        var before = writers.Sum(writer => writer.Acknowledged);
        var work = writers.Select(writer => Task.Run(() => writer.WriteAsync(sidecar.Resp))).ToList();
        await FirstWrite.AcknowledgedAsync(() => writers.Sum(static writer => writer.Acknowledged), before);
        await Task.Delay(random.Next(150, 900));
        await sidecar.KillAsync();
        await Task.WhenAll(work);
    }

    // Memory for a part of what is written: much of it is read back from disk to be written over.
    private const string Policy = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: crash}
        spec:
          selector: {matchLabels: {app: crash}}
          tiers: {memory: {capacity: 1Mi, ttl: 1h}, spillover: {capacity: 128Mi, ttl: 7d}}
          rules: [{name: all, match: {sessions: ['*']}, ack: Disk}]
        """;
}
