using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TierOperator.Kubernetes.TestKit;

/// <summary>Waits for what another process or task will bring about.</summary>
public static class Eventually
{
    /// <summary>Ends as soon as the condition holds; fails with its text when it does not hold in time.</summary>
    public static Task HoldsAsync(Func<bool> condition, TimeSpan? within = null, [CallerArgumentExpression(nameof(condition))] string text = "") =>
        HoldsAsync(() => Task.FromResult(condition()), within, text);

    /// <inheritdoc cref="HoldsAsync(Func{bool}, TimeSpan?, string)"/>
    public static async Task HoldsAsync(Func<Task<bool>> condition, TimeSpan? within = null, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > (within ?? TimeSpan.FromSeconds(20))) throw new TimeoutException($"never came true: {text}");
            await Task.Delay(5);
        }
    }
}
