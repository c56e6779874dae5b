using System.Text;
using TierOperator.TestKit.Engine;

namespace TierOperator.Tiering.Tests.Engine;

public sealed class RetentionTests
{
    private const string Policy = """
        tiers: {memory: {capacity: 4Mi, ttl: 365d}}
        rules:
          - {name: temp, match: {sessions: ["temp:*"]}, dataCategory: temp}
          - {name: audit, match: {sessions: ["audit:*"]}, dataCategory: audit}
        retention:
          - {dataCategory: temp, after: 1d, action: Delete}
          - {dataCategory: audit, maxCount: 2, action: Delete, legalHold: {label: hold}}
        """;

    [Fact]
    public async Task DryRun_ThenRun_TakeTheSame()
    {
        await using var harness = new EngineHarness(Policy, withDisk: false);
        await harness.PutAsync("temp:old", "i", "1");
        harness.Time.Advance(TimeSpan.FromDays(1));
        await harness.PutAsync("temp:new", "i", "1");
        foreach (var (name, hold) in new[] { ("a", "true"), ("b", "false"), ("c", "false"), ("d", "false") })
        {
            await harness.PutAsync($"audit:{name}", "hold", hold);
            harness.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var preview = await harness.Engine.RunRetentionAsync(dryRun: true, CancellationToken.None);
        Assert.Equal("1", await harness.ValueAsync("temp:old", "i"));
        var run = await harness.Engine.RunRetentionAsync(dryRun: false, CancellationToken.None);

        Assert.Equal(Names(preview), Names(run));
        Assert.Equal(["temp:old", "audit:b", "audit:c"], Names(run));
        Assert.Null(await harness.ValueAsync("temp:old", "i"));
        Assert.Equal("true", await harness.ValueAsync("audit:a", "hold"));
    }

    private static List<string> Names(Retention.RetentionReport report)
        => [.. report.Entries.SelectMany(entry => entry.Sessions).Select(key => Encoding.UTF8.GetString(key))];
}
