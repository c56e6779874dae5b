using System.Globalization;

namespace TierOperator.EndToEnd.Tests;

/// <summary>A value of 64 MiB over the Redis protocol, and what it costs the process at its peak.</summary>
public sealed class RespLargeValueTests
{
    private const int Bytes = 64 * 1024 * 1024;

    /// <summary>What else a process that has just begun to work takes: code that is compiled, buffers, the first tables.</summary>
    private const int OtherMiB = 40;

    [Theory]
    [InlineData("{memory: {capacity: 512Mi}}", 64)]
    [InlineData("{memory: {capacity: 512Mi}, spillover: {capacity: 1Gi, compression: None}}", 64)]
    public async Task SetAndGet_HoldTheValueOnce(string tiers, int mostMiB)
    {
        var folder = Directory.CreateTempSubdirectory("tier-resp-large-").FullName;
        var policy = Path.Combine(folder, "policy.yaml");
        await File.WriteAllTextAsync(policy, $"apiVersion: tieroperator.io/v1alpha1\nkind: TierPolicy\nmetadata: {{name: large}}\nspec:\n  tiers: {tiers}\n");
        await using var sidecar = await SidecarProcess.StartAsync(policy, Path.Combine(folder, "data"));
        using var client = await RespConnection.OpenAsync(sidecar.Resp);
        var value = new string('v', Bytes);
        await client.CallAsync("SET", "small", "v");
        var before = PeakMiB(sidecar.Id);

        Assert.Equal("OK", await client.CallAsync("SET", "large", value));
        var afterSet = PeakMiB(sidecar.Id);
        Assert.Equal(Bytes, (await client.CallAsync("GET", "large")).Length);
        var afterGet = PeakMiB(sidecar.Id);

        Assert.InRange(afterSet - before, mostMiB / 2, mostMiB + OtherMiB);
        Assert.InRange(afterGet - afterSet, 0, OtherMiB);
        Directory.Delete(folder, recursive: true);
    }

    private static int PeakMiB(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
