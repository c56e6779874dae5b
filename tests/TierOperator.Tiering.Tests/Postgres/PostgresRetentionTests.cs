using Npgsql;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Retention;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class PostgresRetentionTests(PostgresFixture fixture) : IAsyncLifetime
{
    private const long Day = 86_400_000;
    private const string Category = "raw";
    private PostgresTierOptions _options = null!;
    private PostgresTier _tier = null!;

    public async ValueTask InitializeAsync()
    {
        _options = PostgresFixture.OptionsFor(await fixture.ServerAsync());
        _tier = PostgresFixture.Start(_options);
    }

    public ValueTask DisposeAsync() => _tier.DisposeAsync();

    [Fact]
    public async Task Run_ByAge_TakesWhatIsOlder()
    {
        await StoreAsync("old", 10);
        await StoreAsync("young", 1);

        var report = await RunAsync(Entry(RetentionAction.Delete) with { After = TimeSpan.FromDays(5) });

        Assert.Equal(["old"], Keys(report));
        Assert.Null(await _tier.ReadAsync("old", "data"));
        Assert.NotNull(await _tier.ReadAsync("young", "data"));
    }

    [Theory]
    [InlineData(RetentionAction.Delete)]
    [InlineData(RetentionAction.Archive)]
    [InlineData(RetentionAction.Aggregate)]
    [InlineData(RetentionAction.Compress)]
    [InlineData(RetentionAction.Export)]
    public async Task Run_AfterADryRun_TakesWhatWasPreviewed(RetentionAction action)
    {
        for (var at = 0; at < 30; at++) await StoreAsync($"s{at:00}", at, $$"""{"billed":{{(at % 2 == 0 ? "true" : "false")}},"cost":{{at}}}""");
        var entry = Entry(action) with
        {
            After = TimeSpan.FromDays(10.5),
            Where = [new WhereCondition("data.billed", WhereOperator.In, ["true"])],
            Into = action == RetentionAction.Aggregate ? new CompiledAggregate(["day"], ["data.cost"], true) : null,
        };

        var preview = await _tier.RunRetentionAsync([entry], dryRun: true, new Exported(), CancellationToken.None);
        var run = await _tier.RunRetentionAsync([entry], dryRun: false, new Exported(), CancellationToken.None);

        Assert.Equal(9, preview.Entries[0].Sessions.Count);
        Assert.Equal(preview.Entries[0].Sessions, run.Entries[0].Sessions);
        Assert.Equal(preview.Entries[0].Bytes, run.Entries[0].Bytes);
        Assert.Null(run.Entries[0].Skipped);
        Assert.Empty((await _tier.RunRetentionAsync([entry], dryRun: true, new Exported(), CancellationToken.None)).Entries[0].Sessions);
    }

    [Fact]
    public async Task Run_ByCount_TakesTheOldestBeyondIt()
    {
        foreach (var age in new[] { 3, 9, 1, 7, 5 }) await StoreAsync($"age{age}", age);

        var report = await RunAsync(Entry(RetentionAction.Delete) with { MaxCount = 2 });
        var again = await RunAsync(Entry(RetentionAction.Delete) with { MaxCount = 2 });

        Assert.Equal(["age9", "age7", "age5"], Keys(report));
        Assert.Empty(Keys(again));
    }

    [Fact]
    public async Task Run_ByBytes_TakesTheOldestUntilItFits()
    {
        foreach (var age in new[] { 3, 9, 1, 7, 5 }) await StoreAsync($"age{age}", age, new string('x', 50));
        await _tier.ApplyAsync(Changes.Delete("age3", 5)); // what was deleted counts no more

        var report = await RunAsync(Entry(RetentionAction.Delete) with { MaxBytes = 100 });

        Assert.Equal(["age9", "age7"], Keys(report));
    }

    [Fact]
    public async Task Run_LegalHold_IsSpared()
    {
        await StoreAsync("held", 10, """{"hold":true}""");
        await StoreAsync("free", 10, """{"hold":false}""");

        var report = await RunAsync(Entry(RetentionAction.Delete) with { After = TimeSpan.FromDays(5), LegalHoldLabel = "data.hold" });

        Assert.Equal(["free"], Keys(report));
    }

    [Theory]
    [InlineData(WhereOperator.In, "a", "text")]
    [InlineData(WhereOperator.NotIn, "a", "none null number")]
    [InlineData(WhereOperator.Exists, "", "null number text")]
    [InlineData(WhereOperator.DoesNotExist, "", "none")]
    [InlineData(WhereOperator.Gt, "5", "number")]
    [InlineData(WhereOperator.Lt, "7.5", "number")]
    public async Task Run_Where_MeansWhatItMeansElsewhere(WhereOperator @operator, string value, string expected)
    {
        await StoreAsync("text", 10, """{"f":"a"}""");
        await StoreAsync("number", 10, """{"f":7}""");
        await StoreAsync("null", 10, """{"f":null}""");
        await StoreAsync("none", 10, "{}");

        var report = await RunAsync(Entry(RetentionAction.Delete) with { After = TimeSpan.FromDays(5), Where = [new WhereCondition("data.f", @operator, [value])] });

        Assert.Equal(expected, string.Join(' ', Keys(report).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Run_Aggregate_SumsAndAddsUpOverRuns()
    {
        var entry = Entry(RetentionAction.Aggregate) with { After = TimeSpan.FromDays(5), Into = new CompiledAggregate(["data.user"], ["data.cost"], true) };
        await StoreAsync("s1", 10, """{"user":"ann","cost":1.5}""");
        await StoreAsync("s2", 10, """{"user":"ann","cost":2}""");
        await StoreAsync("s3", 10, """{"user":"bob"}""");
        await RunAsync(entry);
        await StoreAsync("s4", 10, """{"user":"ann","cost":4}""");

        await RunAsync(entry);

        Assert.Equal(["""{"data.user": "ann"} {"data.cost": 7.5} 3""", """{"data.user": "bob"} {"data.cost": 0} 1"""],
            await RowsAsync("SELECT groups::text || ' ' || sums::text || ' ' || sessions FROM tier.aggregate WHERE policy = $1 ORDER BY 1"));
        Assert.Null(await _tier.ReadAsync("s1", "data"));
    }

    [Fact]
    public async Task Run_Archive_KeepsTheBytesUntilTheSubjectIsErased()
    {
        await StoreAsync("s", 10, """{"a":1}""", "ann");

        await RunAsync(Entry(RetentionAction.Archive) with { After = TimeSpan.FromDays(5) });

        const string kept = "SELECT convert_from(i.value, 'UTF8') FROM tier.archive a JOIN tier.archive_item i ON i.archive_id = a.id WHERE a.policy = $1";
        Assert.Null(await _tier.ReadAsync("s", "data"));
        Assert.Equal(["""{"a":1}"""], await RowsAsync(kept));
        Assert.Equal(1, (await _tier.EraseSubjectAsync("ann", Changes.At(9), CancellationToken.None)).Archived);
        Assert.Empty(await RowsAsync(kept));
    }

    [Fact]
    public async Task Run_Compress_ReadsAsBeforeAndTakesLess()
    {
        var text = string.Join(' ', Enumerable.Range(0, 2000).Select(at => $"word{at % 97}"));
        await StoreAsync("s", 10, text);
        var before = await BytesAsync("s");

        await RunAsync(Entry(RetentionAction.Compress) with { After = TimeSpan.FromDays(5) });

        Assert.Equal(text, await _tier.ReadAsync("s", "data"));
        Assert.True(await BytesAsync("s") < before, $"{await BytesAsync("s")} of {before} bytes");
    }

    [Fact]
    public async Task Run_Export_WritesThemOutBeforeTheyGo()
    {
        await StoreAsync("s", 10, "value");
        var exported = new Exported();

        await _tier.RunRetentionAsync([Entry(RetentionAction.Export) with { After = TimeSpan.FromDays(5) }], dryRun: false, exported, CancellationToken.None);

        Assert.Equal(["s=value"], exported.Lines);
        Assert.Null(await _tier.ReadAsync("s", "data"));
    }

    [Fact]
    public async Task Run_ExportToAFile_WritesALineASession()
    {
        await StoreAsync("s", 10, """{"a":1}""");
        var path = Path.Combine(Path.GetTempPath(), $"tier-export-{Guid.NewGuid():n}.ndjson");

        await _tier.RunRetentionAsync([Entry(RetentionAction.Export) with { After = TimeSpan.FromDays(5) }], dryRun: false, new NdjsonExport(path, 1000), CancellationToken.None);
        await Assert.ThrowsAsync<IOException>(async () => await new NdjsonExport(path, 100).WriteAsync([], CancellationToken.None));

        using var line = System.Text.Json.JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(path)));
        File.Delete(path);
        Assert.Equal("s", line.RootElement.GetProperty("session").GetString());
        Assert.Equal("""{"a":1}""", line.RootElement.GetProperty("items").GetProperty("data").GetProperty("text").GetString());
    }

    [Fact]
    public async Task Run_ExportFails_DeletesNothing()
    {
        await StoreAsync("s", 10);

        var report = await _tier.RunRetentionAsync([Entry(RetentionAction.Export) with { After = TimeSpan.FromDays(5) }], dryRun: false, new FullDisk(), CancellationToken.None);

        Assert.Contains("the disk is full", report.Entries[0].Skipped, StringComparison.Ordinal);
        Assert.NotNull(await _tier.ReadAsync("s", "data"));
    }

    [Fact]
    public async Task Run_ThenLateReplay_StaysGone()
    {
        await StoreAsync("s", 10);
        await RunAsync(Entry(RetentionAction.Delete) with { After = TimeSpan.FromDays(5) });

        await StoreAsync("s", 10);

        Assert.Null(await _tier.ReadAsync("s", "data"));
    }

    private static CompiledRetention Entry(RetentionAction action) => new() { DataCategory = Category, Action = action };

    private ValueTask<RetentionReport> RunAsync(CompiledRetention entry) => _tier.RunRetentionAsync([entry], dryRun: false, new Exported(), CancellationToken.None);

    private static IEnumerable<string> Keys(RetentionReport report) => report.Entries[0].Sessions.Select(System.Text.Encoding.UTF8.GetString);

    private async Task StoreAsync(string session, int ageDays, string value = "{}", string? subject = null)
    {
        var version = new ItemVersion((ulong)(Changes.NowMs - (ageDays * Day)) << 16, 1);
        var type = value.StartsWith('{') ? "application/json" : "text/plain";
        await _tier.ApplyAsync(new RemoteChange(Changes.Bytes(session))
        {
            Header = Changes.Header() with { Subject = subject }, ExpiresMs = Changes.NowMs + Day, Newest = version, DataCategory = Category,
            Puts = [new ItemSnapshot(Changes.Bytes("data"), type, version, ItemValue.From(Changes.Bytes(value)))],
        });
    }

    private async Task<long> BytesAsync(string session)
        => (await _tier.ListAsync(Changes.Bytes(session), default, 1, CancellationToken.None)).Sessions[0].Bytes;

    private async Task<List<string>> RowsAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_options.Url.Settings());
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = _options.Remote.Policy });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync()) rows.Add(reader.GetString(0));
        return rows;
    }

    private sealed class Exported : IRetentionExport
    {
        public List<string> Lines { get; } = [];

        public ValueTask WriteAsync(IReadOnlyList<SessionSnapshot> sessions, CancellationToken cancellationToken)
        {
            foreach (var session in sessions)
                Lines.Add($"{System.Text.Encoding.UTF8.GetString(session.Key)}={System.Text.Encoding.UTF8.GetString(session.Items[0].Value.ToArray())}");
            return ValueTask.CompletedTask;
        }
    }

    private sealed class FullDisk : IRetentionExport
    {
        public ValueTask WriteAsync(IReadOnlyList<SessionSnapshot> sessions, CancellationToken cancellationToken) => throw new IOException("the disk is full");
    }
}
