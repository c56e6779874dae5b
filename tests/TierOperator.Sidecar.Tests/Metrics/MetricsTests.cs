using System.Text.RegularExpressions;
using TierOperator.Sidecar.Metrics;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Metrics;

public sealed partial class MetricsTests
{
    [Fact]
    public async Task Names_ServedAndDocumented_AreTheSame()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        var served = TypeLine().Matches(await sidecar.Admin.GetStringAsync("/metrics")).Select(match => match.Groups[1].Value).Distinct();

        var documented = DocumentedName().Matches(await File.ReadAllTextAsync(Repository.PathOf("docs/metrics.md"))).Select(match => match.Groups[1].Value);

        Assert.Equal(documented.Order(StringComparer.Ordinal), served.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Outcomes_StartAtZeroAndAreCounted()
    {
        await using var sidecar = await RunningSidecar.StartAsync();
        await sidecar.PutAsync("/v1/sessions/s/items/i", "x").AssertStatusAsync(201);
        await sidecar.Http.GetAsync("/v1/sessions/s/items/i").AssertStatusAsync(200);
        await sidecar.Http.GetAsync("/v1/sessions/s/items/i").AssertStatusAsync(200);
        await sidecar.Http.GetAsync("/v1/sessions/s/items/none").AssertStatusAsync(404);
        await sidecar.Http.GetAsync("/nowhere").AssertStatusAsync(404);

        var text = await sidecar.Admin.GetStringAsync("/metrics");

        foreach (var line in new[]
        {
            "tier_http_requests_total{call=\"putItem\",class=\"5xx\"} 0",
            "tier_policy_offers_total{outcome=\"refused\"} 0",
            "tier_http_requests_total{call=\"readItem\",class=\"2xx\"} 2",
            "tier_http_requests_total{call=\"readItem\",class=\"4xx\"} 1",
            "tier_http_requests_total{call=\"unmatched\",class=\"4xx\"} 1",
        })
            Assert.Contains(line + "\n", text, StringComparison.Ordinal);
        Assert.Contains("# HELP tier_http_requests_total ", text, StringComparison.Ordinal);
        Assert.Contains("tier_http_request_duration_seconds_bucket{call=\"putItem\",le=\"+Inf\"} ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tier.load.duration", "s", nameof(FamilyKind.Histogram), "tier_load_duration_seconds")]
    [InlineData("tier.memory.used", "By", nameof(FamilyKind.Gauge), "tier_memory_used_bytes")]
    [InlineData("tier.writes", "{write}", nameof(FamilyKind.Counter), "tier_writes_total")]
    [InlineData("process.cpu", "s", nameof(FamilyKind.Counter), "process_cpu_seconds_total")]
    public void Name_OfInstrument_FollowsTheConvention(string name, string unit, string kind, string expected)
        => Assert.Equal(expected, PrometheusName.Of(name, unit, Enum.Parse<FamilyKind>(kind)));

    [GeneratedRegex(@"^# TYPE (\w+) ", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedName();
}
