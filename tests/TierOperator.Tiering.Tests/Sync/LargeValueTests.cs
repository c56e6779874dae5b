using System.Text;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Tests.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>A value that one of the servers will not take: a letter for people, and everything else goes on.</summary>
public sealed class LargeValueTests(SharedServers servers) : IClassFixture<SharedServers>
{
    [Fact]
    public async Task Put_LargerThanRedisTakes_IsALetterAndNothingIsLost()
    {
        await servers.Redis.RunAsync("CONFIG", "SET", "proto-max-bulk-len", "1mb");
        await using var sidecar = new RealSidecar(servers.Anew(), 1, TimeSpan.Zero, "write: Behind, ack: Disk");
        await sidecar.SettledAsync();
        var value = new byte[2_000_000];
        new Random(7).NextBytes(value);

        var put = await sidecar.Engine.PutAsync(Bytes("s"), new ItemWrite(Bytes("i"), "application/octet-stream", ItemValue.From(value)), default, CancellationToken.None);
        await sidecar.PutAsync("t", "i", "small");
        await Eventually.HoldsAsync(() => sidecar.IsSettled && sidecar.Engine.Status().DeadLetters >= 1, () => string.Join('\n', sidecar.Engine.Status()));

        Assert.True(put.Succeeded);
        Assert.All(sidecar.Engine.ListDeadLetters(), static letter => Assert.Contains("proto-max-bulk-len", letter.Reason, StringComparison.Ordinal));
        Assert.Equal("1", (await servers.Redis.RunAsync("EXISTS", $"tier:real/{servers.Policy}:s:{{:t}}")).Trim());
        await using (var other = new RealSidecar(servers, 2, TimeSpan.Zero, "write: Behind, ack: Disk"))
        {
            await other.SettledAsync();
            var read = await other.Engine.ReadAsync(Bytes("s"), Bytes("i"), CancellationToken.None);
            Assert.True(value.AsSpan().SequenceEqual(read.Value.ToArray()));
            read.Value.Release();
        }

        await servers.Redis.RunAsync("CONFIG", "SET", "proto-max-bulk-len", "512mb");
        await Eventually.HoldsAsync(
            async () =>
            {
                foreach (var left in sidecar.Engine.ListDeadLetters()) sidecar.Engine.RetryDeadLetter(left.Id);
                return (await servers.Redis.RunAsync("HSTRLEN", $"tier:real/{servers.Policy}:s:{{:s}}", "ii")).Trim() is not "0";
            },
            () => string.Join('\n', sidecar.Engine.ListDeadLetters()));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
