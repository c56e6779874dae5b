using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Fills that no client waits for: behind a stale answer, or after one was given in an error's place.</summary>
public sealed class BackgroundFillTests
{
    private const int Rounds = 12;
    private static readonly byte[] s_large = new byte[300 * 1024];

    [Fact]
    public async Task Fill_BehindAStaleAnswer_GivesBackWhatItTook()
    {
        await using var origin = new ScriptedOrigin(_ => new OriginReply { Body = s_large, Fields = ["Cache-Control: max-age=0, stale-while-revalidate=600", "ETag: \"a\""] });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await sidecar.Http.GetByteArrayAsync("/a");
        for (var i = 1; i < Rounds; i++) await AskAsync(sidecar, origin, i + 1);

        await Eventually.HoldsAsync(() => InFlight(sidecar) == 0);
    }

    [Fact]
    public async Task Fill_BehindAStaleAnswerThatIsForNobody_Ends()
    {
        var isWell = true;
        await using var origin = new ScriptedOrigin(_ => isWell
            ? OriginReply.Of("good", "Cache-Control: max-age=0, stale-while-revalidate=600", "ETag: \"a\"") : new OriginReply { Status = 500, Body = new byte[4 << 20] });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.With($$"""
                - name: all
                  match: {path: "/{**rest}"}
                  origin: {destinations: ["{{origin.Url}}"], timeout: 10m}
            """));

        await sidecar.Http.GetByteArrayAsync("/a");
        isWell = false;
        for (var i = 1; i < Rounds; i++) await AskAsync(sidecar, origin, i + 1);

        await Eventually.HoldsAsync(() => origin.Open <= 1);
    }

    [Fact]
    public async Task Error_ThatCouldBeStored_GivesBackWhatItTookAndLeavesWhatIsGivenForIt()
    {
        var isWell = true;
        await using var origin = new ScriptedOrigin(_ => isWell
            ? OriginReply.Of("good", "Cache-Control: max-age=0, stale-if-error=600", "ETag: \"a\"")
            : new OriginReply { Status = 503, Body = s_large, Fields = ["Cache-Control: max-age=600"] });
        await using var sidecar = await RunningSidecar.StartAsync(RoutePolicies.CacheAll(origin.Url));

        await sidecar.Http.GetByteArrayAsync("/a");
        isWell = false;
        for (var i = 1; i < Rounds; i++)
        {
            Assert.Equal("good", await sidecar.Http.GetStringAsync("/a"));
            await Eventually.HoldsAsync(() => InFlight(sidecar) == 0);
        }
    }

    // The next stale answer starts a fill of its own only when this one's has come.
    private static async Task AskAsync(RunningSidecar sidecar, ScriptedOrigin origin, int seen)
        => await Eventually.HoldsAsync(() => origin.Seen.Count >= seen, () => _ = sidecar.Http.GetByteArrayAsync("/a"));

    private static long InFlight(RunningSidecar sidecar) => sidecar.Host.Engine.Status().InFlightBytes;
}
