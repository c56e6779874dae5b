using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>
/// The requirements on HTTP caches, one row each, through a real sidecar to an origin that plays the row's script. The
/// rows stand in <see cref="RequirementRows"/>, by section of their specification.
/// </summary>
public sealed class RequirementTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private CacheStep _now = new();
    private ScriptedOrigin _origin = null!;
    private RunningSidecar _sidecar = null!;

    public static TheoryData<CacheRow> Rows { get; } = [.. RequirementRows.All];

    public async ValueTask InitializeAsync()
    {
        _origin = new ScriptedOrigin(Play);
        _sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(_origin.Url), _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _origin.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public async Task Cache_OnEachExchange_DoesWhatTheSectionSays(CacheRow row)
    {
        for (var i = 0; i < row.Steps.Length; i++) await StepAsync(row, i);
    }

    private OriginReply Play(OriginRequestSeen request)
    {
        var step = _now;
        var asksAgain = request["If-None-Match"] ?? request["If-Modified-Since"];
        var isGood = step.From == From.Validation && step.Reply.Status == 200 && asksAgain is not null;
        var fields = step.Reply.Fields.Select(field => field.Replace("{now}", _time.GetUtcNow().ToString("R"), StringComparison.Ordinal)
            .Replace("{past}", _time.GetUtcNow().AddDays(-10).ToString("R"), StringComparison.Ordinal)
            .Replace("{soon}", _time.GetUtcNow().AddHours(1).ToString("R"), StringComparison.Ordinal));
        return step.Reply with { Fields = [.. fields], Status = isGood ? 304 : step.Reply.Status };
    }

    private async Task StepAsync(CacheRow row, int index)
    {
        var step = _now = row.Steps[index];
        if (step.After > 0) _time.Advance(TimeSpan.FromSeconds(step.After));
        var before = _origin.Seen.Count;
        using var request = new HttpRequestMessage(new HttpMethod(step.Method), "/r" + step.More);
        foreach (var field in step.Asked) request.Headers.TryAddWithoutValidation(field.Split(": ", 2)[0], field.Split(": ", 2)[1].Replace("{now}", _time.GetUtcNow().ToString("R"), StringComparison.Ordinal));
        using var response = await _sidecar.Http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        var asked = _origin.Seen.Skip(before).ToList();

        var where = $"{row}, step {index + 1}: {(int)response.StatusCode}, {asked.Count} to the origin, {response.Header("Cache-Status")}";
        AssertFrom(step.From, asked, where);
        if (step.Status is { } status) Assert.True(status == (int)response.StatusCode, where);
        if (step.Body is { } wanted) Assert.True(wanted == body, $"{where}: body \"{body}\"");
        foreach (var field in step.Has) AssertHas(response, field, where);
        foreach (var field in step.Lacks) Assert.True(Field(response, field) is null, $"{where}: has {field}");
    }

    private static void AssertFrom(From from, List<OriginRequestSeen> asked, string where)
    {
        var conditional = asked.Any(request => (request["If-None-Match"] ?? request["If-Modified-Since"]) is not null);
        var holds = from switch
        {
            From.Cache => asked.Count == 0,
            From.Origin => asked.Count == 1 && !conditional,
            From.Validation => asked.Count == 1 && conditional,
            _ => true,
        };
        Assert.True(holds, where + $", wanted {from}");
    }

    private static void AssertHas(HttpResponseMessage response, string field, string where)
    {
        var parts = field.Split(": ", 2);
        var value = Field(response, parts[0]);
        Assert.True(value is not null && (parts.Length == 1 || value == parts[1]), $"{where}: {parts[0]} is \"{value}\", wanted \"{field}\"");
    }

    private static string? Field(HttpResponseMessage response, string name)
        => response.Header(name) ?? (response.Content.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null);
}
