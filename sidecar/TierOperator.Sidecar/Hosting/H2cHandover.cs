using System.Buffers;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// Clear-text HTTP/2 on the port of HTTP/1.1. A server speaks one of the two on a clear-text port, so the first bytes of
/// each connection are looked at, and one that begins with HTTP/2's preface is handed to a second server, which has no
/// port of its own and starts with the first such connection. Source: RFC 9113, 3.3 and 3.4.
/// </summary>
/// <remarks>1. Look, consume nothing. 2. Another beginning goes on as before. 3. Else the connection goes to the second
/// server, and this one keeps it open until that is done with it.</remarks>
internal sealed class H2cHandover : IConnectionListenerFactory, IConnectionListener
{
    private const int MostWaiting = 64;
    private readonly Channel<ConnectionContext> _connections = Channel.CreateBounded<ConnectionContext>(MostWaiting);
    private readonly Lazy<Task<KestrelServer>> _server;
    private readonly ConnectionLimits _limits;

    public H2cHandover(ConnectionLimits limits, IHttpApplication<IFeatureCollection> application, ILoggerFactory loggers)
    {
        _limits = limits;
        _server = new Lazy<Task<KestrelServer>>(() => StartAsync(application, loggers));
    }

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public async Task OnConnectionAsync(ConnectionContext connection, Func<Task> next)
    {
        if (!await HasPrefaceAsync(connection))
        {
            await next();
            return;
        }

        await _server.Value;
        var handed = new HandedConnection(connection);
        await _connections.Writer.WriteAsync(handed, connection.ConnectionClosed);
        await handed.Done;
    }

    public async Task StopAsync(CancellationToken deadline)
    {
        if (_server.IsValueCreated) await (await _server.Value).StopAsync(deadline);
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return new(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        => await _connections.Reader.WaitToReadAsync(cancellationToken) && _connections.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _connections.Writer.TryComplete();
        return default;
    }

    public ValueTask DisposeAsync() => default;

    /// <summary>Ends the second server, where there is one.</summary>
    public void Close()
    {
        if (_server is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } started }) started.GetAwaiter().GetResult().Dispose();
    }

    private async Task<bool> HasPrefaceAsync(ConnectionContext connection)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        timeout.CancelAfter(_limits.KeepAlive);
        try
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync(timeout.Token);
                var start = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, Preface.Length)).ToArray();
                var fits = Preface.StartsWith(start);
                var isDecided = !fits || start.Length == Preface.Length || read.IsCompleted;
                connection.Transport.Input.AdvanceTo(read.Buffer.Start, isDecided ? read.Buffer.Start : read.Buffer.End);
                if (isDecided) return fits && start.Length == Preface.Length;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // It sent nothing in time, or is gone: the first server closes it.
            connection.Abort();
            return false;
        }
    }

    private async Task<KestrelServer> StartAsync(IHttpApplication<IFeatureCollection> application, ILoggerFactory loggers)
    {
        var options = new KestrelServerOptions();
        KestrelSetup.Apply(options, _limits);
        options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        var server = new KestrelServer(Options.Create(options), this, loggers);
        await server.StartAsync(application, CancellationToken.None);
        return server;
    }

    /// <summary>The same connection for another server: what that sets stays with it, and its end is only told.</summary>
    private sealed class HandedConnection(ConnectionContext inner) : ConnectionContext
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;
        public override string ConnectionId { get => inner.ConnectionId; set => inner.ConnectionId = value; }
        public override IFeatureCollection Features { get; } = new FeatureCollection(inner.Features);
        public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();
        public override System.IO.Pipelines.IDuplexPipe Transport { get; set; } = inner.Transport;
        public override EndPoint? LocalEndPoint { get => inner.LocalEndPoint; set => inner.LocalEndPoint = value; }
        public override EndPoint? RemoteEndPoint { get => inner.RemoteEndPoint; set => inner.RemoteEndPoint = value; }
        public override CancellationToken ConnectionClosed { get => inner.ConnectionClosed; set => inner.ConnectionClosed = value; }

        public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

        public override ValueTask DisposeAsync()
        {
            _done.TrySetResult();
            return base.DisposeAsync();
        }
    }
}
