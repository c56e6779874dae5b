using System.Diagnostics;

namespace TierOperator.EndToEnd.Tests;

/// <summary>A round's time begins with its first acknowledged write: a kill before that would try nothing, however slow the machine.</summary>
internal static class FirstWrite
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static async Task AcknowledgedAsync(Func<int> acknowledged, int before)
    {
        var started = Stopwatch.GetTimestamp();
        while (acknowledged() == before)
        {
            if (Stopwatch.GetElapsedTime(started) > s_patience) Assert.Fail($"no write was acknowledged within {s_patience.TotalSeconds} s");
            await Task.Delay(5);
        }
    }
}
