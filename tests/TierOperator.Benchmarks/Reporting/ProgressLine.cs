using System.Globalization;

namespace TierOperator.Benchmarks.Reporting;

/// <summary>Says on standard error what is under way: in place on a terminal, a line each ten seconds elsewhere.</summary>
internal sealed class ProgressLine : IAsyncDisposable
{
    private readonly string label;
    private readonly Func<long> done;
    private readonly long? total;
    private readonly CancellationTokenSource stop = new();
    private readonly Task painting;

    public ProgressLine(string label, Func<long> done, long? total = null)
    {
        this.label = label;
        this.done = done;
        this.total = total;
        painting = PaintAsync();
    }

    private static bool OnTerminal => !Console.IsErrorRedirected;

    /// <summary>A line that stays: what the next minutes are about.</summary>
    public static void Say(string text) => Console.Error.WriteLine(text);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await painting;
        if (OnTerminal) await Console.Error.WriteAsync("\r\e[K");
        stop.Dispose();
    }

    private async Task PaintAsync()
    {
        using var timer = new PeriodicTimer(OnTerminal ? TimeSpan.FromSeconds(0.5) : TimeSpan.FromSeconds(10));
        var (lastDone, lastTime) = (0L, System.Diagnostics.Stopwatch.GetTimestamp());
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                var (now, time) = (done(), System.Diagnostics.Stopwatch.GetTimestamp());
                var rate = (now - lastDone) / System.Diagnostics.Stopwatch.GetElapsedTime(lastTime, time).TotalSeconds;
                (lastDone, lastTime) = (now, time);
                var share = total is > 0 ? (now / (double)total).ToString(" 0 %", CultureInfo.InvariantCulture) : "";
                var line = $"{label}:{share} {now:N0} done, {rate:N0}/s";
                await Console.Error.WriteAsync(OnTerminal ? $"\r\e[K{line}" : line + Environment.NewLine);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
