using System.Net;
using System.Net.Sockets;
using System.Text;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class LargeBodyTests
{
    private const string Path = "/v1/sessions/s/items/big";

    [Theory]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(262_144)]
    [InlineData(5_000_001)]
    public async Task Put_WithAndWithoutLength_ComesBackByteForByte(int length)
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryAndDisk, "--in-flight", "16Mi");
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        await sidecar.SendAsync(HttpMethod.Put, Path, new ByteArrayContent(bytes)).AssertStatusAsync(201);
        await sidecar.SendAsync(HttpMethod.Put, Path + "2", new Unmeasured(bytes)).AssertStatusAsync(201);

        Assert.Equal(bytes, await sidecar.Http.GetByteArrayAsync(Path));
        Assert.Equal(bytes, await sidecar.Http.GetByteArrayAsync(Path + "2"));
        await sidecar.SendAsync(HttpMethod.Post, "/v1/sessions/s/evict").AssertStatusAsync(200);
        Assert.Equal(bytes, await sidecar.Http.GetByteArrayAsync(Path + "2"));
        Assert.Equal(0, sidecar.Host.Engine.Status().InFlightBytes);
    }

    [Fact]
    public async Task Put_OverTheLimit_Is413WithAndWithoutLength()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly, "--max-body", "100Ki");

        await sidecar.SendAsync(HttpMethod.Put, Path, new ByteArrayContent(new byte[200_000])).AssertProblemAsync(413, "too-large");
        await sidecar.SendAsync(HttpMethod.Put, Path, new Unmeasured(new byte[200_000])).AssertProblemAsync(413, "too-large");

        await sidecar.Http.GetAsync(Path).AssertStatusAsync(404);
        Assert.Equal(0, sidecar.Host.Engine.Status().InFlightBytes);
    }

    [Fact]
    public async Task Put_OverTheLimit_IsRefusedBeforeTheBodyIsAskedFor()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly, "--max-body", "100Ki");

        var answer = await sidecar.RawAsync($"PUT {Path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_OverTheInFlightBudget_Is429WithRetryAfter()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly, "--in-flight", "1Mi");

        using (await sidecar.Host.Engine.TryLeaseAsync(600_000, CancellationToken.None))
        {
            using var response = await sidecar.SendAsync(HttpMethod.Put, Path, new ByteArrayContent(new byte[600_000]));
            await sidecar.SendAsync(HttpMethod.Put, Path, new Unmeasured(new byte[600_000])).AssertProblemAsync(429, "in-flight-full");
            Assert.Equal((HttpStatusCode.TooManyRequests, "1"), (response.StatusCode, response.Header("Retry-After")));
        }

        Assert.Equal(0, sidecar.Host.Engine.Status().InFlightBytes);
    }

    [Fact]
    public async Task Put_AbortedByTheClient_FreesWhatItHeld()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(IPAddress.Loopback, sidecar.Host.Api.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"PUT {Path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n"));
            await socket.SendAsync(new byte[300_000]);
            await UntilAsync(() => sidecar.Host.Engine.Status().InFlightBytes > 0);
            socket.LingerState = new LingerOption(true, 0);
        }

        await UntilAsync(() => sidecar.Host.Engine.Status().InFlightBytes == 0);

        await sidecar.Http.GetAsync(Path).AssertStatusAsync(404);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!holds()) await tick.WaitForNextTickAsync(patience.Token);
    }

    /// <summary>A body that is sent in chunks because its length is not told.</summary>
    private sealed class Unmeasured(byte[] bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
