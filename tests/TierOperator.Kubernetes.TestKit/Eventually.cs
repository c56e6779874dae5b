using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TierOperator.Kubernetes.TestKit;

/// <summary>Waits for what another process or task will bring about.</summary>
public static class Eventually
{
    /// <summary>Ends as soon as the condition holds; fails with its text when it does not hold in time.</summary>
    public static async Task HoldsAsync(Func<bool> condition, TimeSpan? within = null, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > (within ?? TimeSpan.FromSeconds(20))) throw new TimeoutException($"never came true: {text}");
            await Task.Delay(5);
        }
    }
}
