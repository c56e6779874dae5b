using System.Diagnostics;

namespace TierOperator.TestKit.Redis;

/// <summary>redis-cli, for what tests do behind the client's back.</summary>
internal static class RedisCli
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>What it wrote, and whether the server took the command.</summary>
    public static async Task<(string Output, bool IsTaken)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("redis-cli") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-e");
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("redis-cli did not start: install the package redis-server");
        // A server that is frozen would be waited for without end.
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return ((output + await errors).Trim(), process.ExitCode == 0);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"redis-cli had no answer in {s_patience.TotalSeconds} s to: {string.Join(' ', arguments)}");
        }
    }
}
