using System.Text;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>As LateClockTests, over a real Redis and a real PostgreSQL: two sidecars in turn, one of them with a clock that is behind, and deaf to what the other announces.</summary>
public sealed class RealLateClockTests(SharedServers servers) : IClassFixture<SharedServers>
{
    private const int Sessions = 40;

    [Theory]
    [InlineData("Redis")]
    [InlineData("All")]
    public async Task Write_AfterAnothersWrite_IsWhatStandsThere(string ack)
    {
        var rule = $"write: Through, ack: {ack}";
        servers.Anew();
        await using var first = new RealSidecar(servers, 1, TimeSpan.Zero, rule, timeoutMs: 5_000);
        await using var late = new RealSidecar(servers, 2, TimeSpan.FromMilliseconds(-300), rule, timeoutMs: 5_000, hears: false);
        await first.SettledAsync();
        await late.SettledAsync();
        for (var number = 0; number < Sessions; number++)
        {
            await first.PutAsync($"s{number}", "i", "old");
            if (number % 2 == 1) await first.DeleteAsync($"s{number}");
            if (number % 4 == 0) await late.DeleteAsync($"s{number}");
            else Assert.True((await PutAsync(late, $"s{number}", number % 8 > 4 ? ItemValue.LargeFrom + number : 100 + number)).Succeeded);
        }

        await using var reader = new RealSidecar(servers, 3, TimeSpan.Zero, rule, timeoutMs: 5_000);
        await reader.SettledAsync();
        for (var number = 0; number < Sessions; number++)
        {
            var read = await reader.Engine.ReadAsync(Encoding.UTF8.GetBytes($"s{number}"), "i"u8.ToArray(), CancellationToken.None);
            Assert.Equal((number, number % 4 == 0 ? 0 : number % 8 > 4 ? ItemValue.LargeFrom + number : 100 + number), (number, (int)read.Value.Length));
            read.Value.Release();
        }
    }

    private static ValueTask<WriteOutcome> PutAsync(RealSidecar pod, string session, int bytes)
        => pod.Engine.PutAsync(Encoding.UTF8.GetBytes(session), new ItemWrite("i"u8.ToArray(), "application/octet-stream", ItemValue.From(new byte[bytes])), default, CancellationToken.None);
}
