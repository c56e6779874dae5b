using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Shared;

/// <summary>The commands of <c>tier storage</c> that look into and move between the shared tiers, typed as a person would.</summary>
public sealed class SharedCommandTests(SharedFixture servers) : IClassFixture<SharedFixture>
{
    private readonly string _name = $"p{Guid.NewGuid():n}";

    [Fact]
    public async Task Storage_OverFourTiers_SearchesEvictsAndLoads()
    {
        await using var sidecar = await servers.StartAsync(SharedFixture.Policy(_name));
        await sidecar.PutAsync("/v1/sessions/a/items/note", """{"text":"a blue whale"}""", "application/json").AssertStatusAsync(201);
        await Until.SettledAsync(sidecar);

        Assert.Matches(@"(?m)^ +a +note +[\d.]+ +.*whale", await OkAsync(sidecar, "storage", "search", "blue whale"));
        Assert.Matches("a is now in: spillover, redis, postgres", await OkAsync(sidecar, "storage", "evict", "a"));
        Assert.Matches("a is now in: memory, spillover, redis, postgres", await OkAsync(sidecar, "storage", "load", "a"));
        Assert.Matches(@"(?m)^ +redis +Healthy ", await OkAsync(sidecar, "storage", "status"));
        await sidecar.Http.GetAsync("/v1/sessions/a/items/note").AssertStatusAsync(200);
        Assert.Matches(@"(?m)^ +all +memory +1 +23\D+ (1s|10s|1m) +(1s|10s|1m) *$", await OkAsync(sidecar, "storage", "stats"));
    }

    [Fact]
    public async Task DeadLetters_AreListedRetriedAndDropped()
    {
        await using var sidecar = await servers.StartAsync(SharedFixture.Policy(_name));
        await Until.SettledAsync(sidecar);
        await sidecar.PutAsync("/v1/sessions/a/items/x", "1").AssertStatusAsync(201);
        await Until.SettledAsync(sidecar);
        await servers.Redis.RunAsync("HSET", $"tier:default/{_name}:s:{{:a}}", "h", "of a later program");
        await sidecar.PutAsync("/v1/sessions/a/items/y", "2").AssertStatusAsync(201);

        var first = await LetterAsync(sidecar);
        await OkAsync(sidecar, "storage", "dead-letters", "retry", first);
        var second = await LetterAsync(sidecar, except: first);
        await OkAsync(sidecar, "storage", "dead-letters", "drop", second);

        Assert.DoesNotContain("redis", await OkAsync(sidecar, "storage", "dead-letters", "list"), StringComparison.Ordinal);
        var (code, _, error) = await SidecarExecutable.RunAsync(["storage", "dead-letters", "drop", second, "--url", sidecar.Host.Api.ToString()]);
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("no such", error, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The first cell of the one line of the list.</summary>
    private static async Task<string> LetterAsync(RunningSidecar sidecar, string except = "")
    {
        var id = "";
        await Until.HoldsAsync(async () =>
        {
            var list = await OkAsync(sidecar, "storage", "dead-letters", "list");
            id = list.Split('\n').FirstOrDefault(static line => line.Contains(" redis ", StringComparison.Ordinal))?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0] ?? "";
            return id.Length > 0 && id != except ? null : list;
        });
        return id;
    }

    private static async Task<string> OkAsync(RunningSidecar sidecar, params string[] arguments)
    {
        var (code, output, error) = await SidecarExecutable.RunAsync([.. arguments, "--url", sidecar.Host.Api.ToString()]);
        Assert.True(code == 0, $"exit code {code}: {error}");
        return output;
    }
}
