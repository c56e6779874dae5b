using System.Diagnostics;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Shared;

/// <summary>Waits for what a background loop brings about; fails with what was seen last.</summary>
internal static class Until
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    public static async Task HoldsAsync(Func<Task<string?>> missing)
    {
        var started = Stopwatch.GetTimestamp();
        while (await missing() is { } what)
        {
            if (Stopwatch.GetElapsedTime(started) > s_patience) Assert.Fail(what);
            await Task.Delay(10);
        }
    }

    /// <summary>Both shared tiers are well, and have heard of everything.</summary>
    public static Task SettledAsync(RunningSidecar sidecar) => HoldsAsync(async () =>
    {
        using var response = await sidecar.Http.GetAsync("/v1/status");
        var tiers = (await response.JsonAsync()).GetProperty("tiers");
        var shared = tiers.EnumerateArray().Where(static tier => tier.TryGetProperty("backlogSessions", out _)).ToList();
        return shared.Count > 0 && shared.TrueForAll(static tier => tier.GetProperty("state").GetString() == "Healthy" && tier.GetProperty("backlogSessions").GetInt32() == 0) ? null : tiers.ToString();
    });
}
