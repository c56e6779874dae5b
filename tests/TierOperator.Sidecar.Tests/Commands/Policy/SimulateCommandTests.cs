using System.CommandLine;
using System.Text.Json;
using TierOperator.Sidecar.Commands.Policy;
using TierOperator.TestKit;

namespace TierOperator.Sidecar.Tests.Commands.Policy;

public sealed class SimulateCommandTests : IDisposable
{
    private static readonly string s_web07 = TestData.PathOf("web07.trace.gz");
    private readonly string _policy = Path.GetTempFileName();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public SimulateCommandTests() => WritePolicy("memory: {capacity: 256Mi, eviction: S3FIFO}");

    public void Dispose()
    {
        File.Delete(_policy);
        _output.Dispose();
        _error.Dispose();
    }

    [Fact]
    public void Simulate_AllAsJson_HasEveryEvictionAtEverySize()
    {
        Assert.Equal(0, Run("--trace", s_web07, "--all", "--entries", "204", "--output", "json"));

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal(76_118, json.RootElement.GetProperty("requests").GetInt32());
        Assert.Equal("S3FIFO", json.RootElement.GetProperty("eviction").GetString());
        var sizes = json.RootElement.GetProperty("sizes").EnumerateArray().ToArray();
        Assert.Equal([204, 409, 1024, 2048, 4096, 10242], sizes.Select(size => size.GetProperty("entries").GetInt32()));
        Assert.True(sizes[0].GetProperty("isPolicys").GetBoolean());
        Assert.Equal(0.534, sizes[0].GetProperty("belady").GetDouble(), 0.001);
        var ratios = sizes[0].GetProperty("hitRatios");
        Assert.Equal(["LRU", "LFU", "Age", "S3FIFO", "Adaptive"], ratios.EnumerateObject().Select(ratio => ratio.Name));
        Assert.Equal(0.391, ratios.GetProperty("LRU").GetDouble(), 0.001);
    }

    [Fact]
    public void Simulate_OnePolicy_ShowsItsEvictionBesideTheOptimum()
    {
        Assert.Equal(0, Run("--trace", s_web07, "--entries", "204"));

        var text = _output.ToString();
        Assert.Contains("S3FIFO", text, StringComparison.Ordinal);
        Assert.DoesNotContain("LRU", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", text, StringComparison.Ordinal);
        Assert.Contains("43.8", text, StringComparison.Ordinal);
        Assert.Contains("53.4", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_WithoutEntries_DerivesThemFromCapacityAndThresholds()
    {
        WritePolicy("memory: {capacity: 1Mi, evictAtPercent: 90, evictToPercent: 70}");

        Assert.Equal(0, Run("--trace", s_web07, "--item-bytes", "704", "--limit", "1000", "--output", "json"));

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal(1_000, json.RootElement.GetProperty("requests").GetInt32());
        Assert.Equal(1024, json.RootElement.GetProperty("entryBytes").GetInt32());
        Assert.Equal(819, json.RootElement.GetProperty("sizes")[0].GetProperty("entries").GetInt32());
    }

    [Fact]
    public void Simulate_MaxSessions_CapsTheEntries()
    {
        WritePolicy("memory: {capacity: 1Gi, maxSessions: 50}");

        Assert.Equal(0, Run("--trace", s_web07, "--limit", "1000", "--output", "json"));

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal(50, json.RootElement.GetProperty("sizes")[0].GetProperty("entries").GetInt32());
    }

    [Fact]
    public void Simulate_ItemsOfTwoGigabytes_CountsTheirBytes()
    {
        Assert.Equal(0, Run("--trace", s_web07, "--item-bytes", "2147483647", "--limit", "10", "--output", "json"));

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal(2_147_483_967, json.RootElement.GetProperty("entryBytes").GetInt64());
    }

    [Fact]
    public void Simulate_FaultyPolicy_Exits1WithTheFault()
    {
        WritePolicy("memory: {capacty: 1Mi}");

        Assert.Equal(1, Run("--trace", s_web07));
        Assert.Contains("capacity", _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_output.ToString());
    }

    [Fact]
    public void Simulate_NoSuchTrace_Exits2AndNamesIt()
    {
        Assert.Equal(2, Run("--trace", "no-such.trace"));
        Assert.Contains("no-such.trace", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_NoSuchPolicy_Exits2AndNamesIt()
    {
        File.Delete(_policy);

        Assert.Equal(2, Run("--trace", s_web07));
        Assert.Contains(_policy, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Simulate_EmptyTrace_Exits2()
    {
        var empty = Path.GetTempFileName();

        Assert.Equal(2, Run("--trace", empty));
        Assert.Contains("holds no request", _error.ToString(), StringComparison.Ordinal);
        File.Delete(empty);
    }

    [Theory]
    [InlineData("--entries", "0")]
    [InlineData("--limit", "-1")]
    [InlineData("--item-bytes", "x")]
    [InlineData("--output", "xml")]
    public void Simulate_BadOption_IsRefused(string option, string value)
    {
        Assert.NotEqual(0, Run("--trace", s_web07, option, value));
        Assert.Contains(option.TrimStart('-') is "output" ? "xml" : option, _error.ToString(), StringComparison.Ordinal);
    }

    private void WritePolicy(string memory) => File.WriteAllText(_policy, $$$"""
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat}
        spec:
          selector: {matchLabels: {app: chat}}
          tiers:
            {{{memory}}}
        """);

    private int Run(params string[] arguments) =>
        SimulateCommand.Create().Parse([_policy, .. arguments])
            .Invoke(new InvocationConfiguration { Output = _output, Error = _error });
}
