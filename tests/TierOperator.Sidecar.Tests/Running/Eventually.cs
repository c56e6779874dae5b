namespace TierOperator.Sidecar.Tests.Running;

/// <summary>Waits for what another part brings about, and fails where it never does: a test that can stand still is worse than one that fails.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <param name="holds">Asked every few milliseconds.</param>
    /// <param name="between">Done before each look, such as moving a clock on.</param>
    public static async Task HoldsAsync(Func<bool> holds, Action? between = null)
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!holds())
        {
            between?.Invoke();
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}
