using System.Diagnostics;

namespace TierOperator.Tiering.Tests.Remote;

/// <summary>Waits for what a real server or a background loop brings about; fails with what it saw last.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    public static Task HoldsAsync(Func<bool> condition, Func<string> otherwise) => HoldsAsync(() => Task.FromResult(condition()), otherwise);

    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> otherwise)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > s_patience) Assert.Fail(otherwise());
            await Task.Delay(5);
        }
    }
}
