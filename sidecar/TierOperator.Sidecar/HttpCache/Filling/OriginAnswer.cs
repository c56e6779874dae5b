using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>Takes what an origin answers. Called by one caller at a time, in this order: start, writes.</summary>
internal interface IAnswerSink
{
    ValueTask StartAsync(int status, IHeaderDictionary headers, OriginTrip trip);

    ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);
}

/// <summary>
/// The response side of a request that no client waits for directly: the proxy writes to it as to a client's, and it hands
/// on to a sink.
/// </summary>
internal sealed class OriginAnswer(IAnswerSink sink, OriginTrip trip, CancellationTokenSource cancel)
    : Stream, IHttpResponseFeature, IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
{
    private List<(Func<object, Task> Callback, object State)>? _starting;
    private List<(Func<object, Task> Callback, object State)>? _completed;
    private PipeWriter? _writer;
    private Stream? _body;

    public int StatusCode { get; set; } = 200;
    public string? ReasonPhrase { get; set; }
    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();
    public bool HasStarted { get; private set; }
    public CancellationToken RequestAborted { get; set; } = cancel.Token;
    public PipeWriter Writer => _writer ??= PipeWriter.Create(this, new StreamPipeWriterOptions(leaveOpen: true));
    Stream IHttpResponseFeature.Body { get => _body ?? this; set => _body = value; }
    Stream IHttpResponseBodyFeature.Stream => this;
    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public void Abort() => cancel.Cancel();
    public void DisableBuffering() { }
    public void OnStarting(Func<object, Task> callback, object state) => (_starting ??= []).Add((callback, state));
    public void OnCompleted(Func<object, Task> callback, object state) => (_completed ??= []).Add((callback, state));

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (HasStarted) return;
        await CallAsync(_starting);
        HasStarted = true;
        await sink.StartAsync(StatusCode, Headers, trip);
    }

    public async Task CompleteAsync()
    {
        await StartAsync();
        await CallAsync(_completed);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!HasStarted) await StartAsync(cancellationToken);
        await sink.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => StartAsync(cancellationToken);

    // As the server's own streams under AllowSynchronousIO = false: a write may have to wait for a slow reader.
    public override void Write(byte[] buffer, int offset, int count) => throw new InvalidOperationException("Write asynchronously.");

    // What is written is handed on at once.
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    private static async Task CallAsync(List<(Func<object, Task> Callback, object State)>? callbacks)
    {
        for (var i = (callbacks?.Count ?? 0) - 1; i >= 0; i--) await callbacks![i].Callback(callbacks[i].State);
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => SendFileFallback.SendFileAsync(this, path, offset, count, cancellationToken);
}
