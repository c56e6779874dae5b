using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Routes;

/// <summary>WebSockets and gRPC through a route, against a real server.</summary>
public sealed class PassThroughTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _origin = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        _origin = builder.Build();
        _origin.UseWebSockets();
        _origin.Map("/ws", EchoSocketAsync);
        _origin.Map("/chat.Chat/Talk", TalkAsync);
        _origin.Map("/chat.Chat/Wait", http => WaitAsync(http, "application/grpc"));
        _origin.Map("/events", http => WaitAsync(http, "text/event-stream"));
        await _origin.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync() => await _origin.DisposeAsync();

    [Fact]
    public async Task WebSocket_Messages_GoBothWaysUntouched()
    {
        await using var sidecar = await StartAsync(_origin.Urls.First(), "Auto");
        using var socket = new ClientWebSocket();
        var stop = TestContext.Current.CancellationToken;
        await socket.ConnectAsync(new Uri(sidecar.Host.Api.ToString().Replace("http", "ws", StringComparison.Ordinal) + "ws"), stop);

        foreach (var message in new[] { "one", new string('x', 200_000), "three" })
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, stop);
            Assert.Equal(message, await ReceiveAsync(socket, stop));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", stop);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task Grpc_Call_PassesWithItsFramesAndTrailers()
    {
        await using var sidecar = await StartAsync(_origin.Urls.Last(), "Http2");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/chat.Chat/Talk")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 3]) { Headers = { ContentType = new("application/grpc") } },
        };
        request.Headers.TE.ParseAdd("trailers");
        using var answer = await sidecar.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal([0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0, 1, 6], await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpVersion.Version20, answer.Version);
        Assert.Equal("application/grpc", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("0", string.Join(",", answer.TrailingHeaders.GetValues("grpc-status")));
    }

    [Fact]
    public async Task Grpc_DuplexStream_IsAnsweredFrameByFrameBeforeItEnds()
    {
        await using var sidecar = await StartAsync(_origin.Urls.Last(), "Http2");
        var stop = TestContext.Current.CancellationToken;
        var frames = new FramesContent();
        using var answer = await sidecar.Http.SendAsync(Call("/chat.Chat/Talk", frames), HttpCompletionOption.ResponseHeadersRead, stop);
        var answers = await answer.Content.ReadAsStreamAsync(stop);

        var frame = new byte[6];
        for (byte number = 1; number <= 50; number++)
        {
            frames.Say(number);
            await answers.ReadExactlyAsync(frame, stop);
            Assert.Equal([0, 0, 0, 0, 1, (byte)(2 * number)], frame);
        }

        frames.End();
        Assert.Equal(0, await answers.ReadAsync(frame, stop));
        Assert.Equal("0", string.Join(",", answer.TrailingHeaders.GetValues("grpc-status")));
    }

    [Fact]
    public async Task Grpc_ManyDuplexStreams_ShareAConnectionWithoutWaitingForEachOther()
    {
        await using var sidecar = await StartAsync(_origin.Urls.Last(), "Http2");
        var stop = TestContext.Current.CancellationToken;
        var calls = Enumerable.Range(0, 20).Select(_ => new FramesContent()).ToList();
        var answers = new List<(HttpResponseMessage Answer, Stream Body)>();
        foreach (var call in calls)
        {
            var answer = await sidecar.Http.SendAsync(Call("/chat.Chat/Talk", call), HttpCompletionOption.ResponseHeadersRead, stop);
            answers.Add((answer, await answer.Content.ReadAsStreamAsync(stop)));
        }

        // The first that was opened is the last to speak: all are open at once.
        for (var i = calls.Count - 1; i >= 0; i--)
        {
            calls[i].Say((byte)i);
            var frame = new byte[6];
            await answers[i].Body.ReadExactlyAsync(frame, stop);
            Assert.Equal((byte)(2 * i), frame[5]);
        }

        calls.ForEach(call => call.End());
        foreach (var (answer, body) in answers)
        {
            Assert.Equal(0, await body.ReadAsync(new byte[1], stop));
            answer.Dispose();
        }
    }

    [Fact]
    public async Task Grpc_ClientThatLeavesAStream_IsHeardByTheOrigin()
    {
        await using var sidecar = await StartAsync(_origin.Urls.Last(), "Http2");
        var stop = TestContext.Current.CancellationToken;
        var frames = new FramesContent();
        var answer = await sidecar.Http.SendAsync(Call("/chat.Chat/Wait", frames), HttpCompletionOption.ResponseHeadersRead, stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        answer.Dispose();

        await _left.Task.WaitAsync(TimeSpan.FromSeconds(20), stop);
        frames.End();
    }

    [Fact]
    public async Task Events_OfAServerThatIsSilentYet_BeginAtOnce()
    {
        await using var sidecar = await StartAsync(_origin.Urls.First(), "Auto");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        using var answer = await sidecar.Http.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead, patience.Token);
        _left.TrySetResult();

        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("", await answer.Content.ReadAsStringAsync(patience.Token));
    }

    private static HttpRequestMessage Call(string path, HttpContent frames)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = frames };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        return request;
    }

    private static Task<RunningSidecar> StartAsync(string origin, string protocol) => RunningSidecar.StartAsync(RoutePolicies.With($$"""
            - name: all
              match: {path: "/{**rest}"}
              origin: {destinations: ["{{origin}}"], protocol: {{protocol}}}
        """));

    private static async Task EchoSocketAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[4096];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, http.RequestAborted);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, http.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, http.RequestAborted);
        }
    }

    // Answers each frame of one byte with its double, then says by a trailer that all is well.
    private static async Task TalkAsync(HttpContext http)
    {
        http.Response.ContentType = "application/grpc";
        http.Response.DeclareTrailer("grpc-status");
        await http.Response.Body.FlushAsync();
        var frame = new byte[6];
        while (await http.Request.Body.ReadAtLeastAsync(frame, frame.Length, throwOnEndOfStream: false, http.RequestAborted) == frame.Length)
        {
            frame[5] *= 2;
            await http.Response.Body.WriteAsync(frame, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }

        http.Response.AppendTrailer("grpc-status", "0");
    }

    private async Task WaitAsync(HttpContext http, string type)
    {
        using var leaving = http.RequestAborted.Register(() => _left.TrySetResult());
        http.Response.ContentType = type;
        await http.Response.Body.FlushAsync();
        await _left.Task;
    }

    private static async Task<string> ReceiveAsync(ClientWebSocket socket, CancellationToken stop)
    {
        var (message, buffer) = (new List<byte>(), new byte[4096]);
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, stop);
            message.AddRange(buffer.AsSpan(0, part.Count));
            if (part.EndOfMessage) return Encoding.UTF8.GetString([.. message]);
        }
    }
}
