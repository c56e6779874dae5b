using System.Diagnostics;
using System.Text.Json;
using TierOperator.TestKit.Postgres;
using TierOperator.TestKit.Redis;

namespace TierOperator.EndToEnd.Tests;

/// <summary>
/// The executable over four tiers under writers: it is killed at random moments, and Redis or PostgreSQL with it. What was acknowledged is
/// there afterwards; in the end a sidecar with no data of its own finds all of it in the shared tiers.
/// </summary>
public sealed class SharedCrashTests
{
    private const int Writers = 3;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static bool IsSoak => Environment.GetEnvironmentVariable("TIER_SOAK") == "1";

    [Theory]
    [InlineData("Through")]
    [InlineData("Behind")]
    [Trait("Category", "Soak")]
    public async Task Kill_OfSidecarAndServers_LosesNothingAcknowledged(string write)
    {
        var seed = Random.Shared.Next();
        var (random, rounds) = (new Random(seed), IsSoak ? 60 : 4);
        await using var redis = await RedisServer.StartAsync();
        await using var postgres = await PostgresServer.StartAsync();
        var folder = Directory.CreateTempSubdirectory("tier-shared-crash-").FullName;
        var policy = await PrepareAsync(folder, write, redis, postgres);
        var writers = Enumerable.Range(0, Writers).Select(number => new CrashWriter(number, random.Next())).ToList();
        for (var round = 0; round < rounds; round++)
        {
            await using var sidecar = await StartAsync(folder, policy, "data");
            await CheckAsync(sidecar, writers, $"seed {seed}, round {round}");
            await WriteAsync(sidecar, writers, TimeSpan.FromMilliseconds(random.Next(300, 900)), ServerKill(random.Next(3), redis, postgres));
            await ReviveAsync(redis, postgres);
        }

        await using (var last = await StartAsync(folder, policy, "data")) await CheckAsync(last, writers, $"seed {seed}, at the end");
        await using var stranger = await StartAsync(folder, policy, "empty");
        await CheckAsync(stranger, writers, $"seed {seed}, from the shared tiers alone");
        Directory.Delete(folder, recursive: true);
    }

    private static Func<Task> ServerKill(int which, RedisServer redis, PostgresServer postgres) => which switch
    {
        0 => () => Task.Run(redis.Kill),
        1 => postgres.KillAsync,
        _ => static () => Task.CompletedTask,
    };

    /// <summary>Half of the time all is well, then a server goes; the sidecar goes last.</summary>
    private static async Task WriteAsync(SidecarProcess sidecar, List<CrashWriter> writers, TimeSpan length, Func<Task> killServer)
    {
        using var stop = new CancellationTokenSource();
        var work = writers.Select(writer => Task.Run(() => writer.WriteAsync(sidecar.Client, stop.Token))).ToList();
        await Task.Delay(length / 2);
        await killServer();
        await Task.Delay(length / 2);
        await sidecar.KillAsync();
        await stop.CancelAsync();
        await Task.WhenAll(work);
    }

    private static async Task ReviveAsync(RedisServer redis, PostgresServer postgres)
    {
        if (!redis.IsRunning) await redis.RestartAsync();
        if (!postgres.IsRunning) await postgres.StartAgainAsync();
    }

    private static Task<SidecarProcess> StartAsync(string folder, string policy, string data)
        => SidecarProcess.StartAsync(policy, Path.Combine(folder, data), "--secrets", Path.Combine(folder, "secrets"));

    /// <summary>Waits until both tiers are well and have heard of everything, then reads everything.</summary>
    private static async Task CheckAsync(SidecarProcess sidecar, List<CrashWriter> writers, string when)
    {
        var started = Stopwatch.GetTimestamp();
        while (await OutstandingAsync(sidecar.Client) is { } outstanding)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < s_patience, $"{when}: {outstanding}");
            await Task.Delay(20);
        }

        foreach (var writer in writers)
            if (await writer.DifferenceAsync(sidecar.Client) is { } difference) Assert.Fail($"{when}: {difference}");
    }

    private static async Task<string?> OutstandingAsync(HttpClient client)
    {
        using var status = JsonDocument.Parse(await client.GetStringAsync("/v1/status"));
        var tiers = status.RootElement.GetProperty("tiers");
        return tiers.EnumerateArray().All(static tier => tier.GetProperty("state").GetString() == "Healthy" && (!tier.TryGetProperty("backlogSessions", out var backlog) || backlog.GetInt32() == 0))
            ? null : tiers.ToString();
    }

    private static async Task<string> PrepareAsync(string folder, string write, RedisServer redis, PostgresServer postgres)
    {
        foreach (var (name, url) in new[] { ("r", redis.Url), ("p", postgres.Url) })
        {
            Directory.CreateDirectory(Path.Combine(folder, "secrets", name));
            await File.WriteAllTextAsync(Path.Combine(folder, "secrets", name, "url"), url);
        }

        var policy = Path.Combine(folder, "policy.yaml");
        await File.WriteAllTextAsync(policy, $$"""
            apiVersion: tieroperator.io/v1alpha1
            kind: TierPolicy
            metadata: {name: crash}
            spec:
              selector: {matchLabels: {app: crash} }
              tiers:
                memory: {capacity: 2Mi, ttl: 1h}
                spillover: {capacity: 128Mi, ttl: 7d}
                redis: {ttl: 1d, timeout: 200ms, external: {secretRef: {name: r} } }
                postgres: {retention: 9d, external: {secretRef: {name: p} } }
              defaults: {sessionStrategy: FullSession}
              rules: [{name: all, write: {{write}}, ack: Disk}]
              sync: {interval: 200ms}
            """);
        return policy;
    }
}
