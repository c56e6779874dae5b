using System.Diagnostics;

namespace TierOperator.TestKit.Redis;

/// <summary>redis-cli, for what tests do behind the client's back.</summary>
internal static class RedisCli
{
    /// <summary>What it wrote, and whether the server took the command.</summary>
    public static async Task<(string Output, bool IsTaken)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("redis-cli") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-e");
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("redis-cli did not start: install the package redis-server");
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return ((output + await errors).Trim(), process.ExitCode == 0);
    }
}
