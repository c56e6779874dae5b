using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TierOperator.Benchmarks.Load;

/// <summary>Drives a server with a number of connections, each waiting for its answer before it asks again.</summary>
internal sealed class LoadRunner(LoadOptions options)
{
    private static readonly TimeSpan PauseWhenRefused = TimeSpan.FromMilliseconds(20);

    private long started;
    private long done;
    private long startTimestamp;

    /// <summary>Operations answered so far, for a progress display.</summary>
    public long Done => Volatile.Read(ref done);

    public async Task<LoadResult> RunAsync(CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (options.Duration is { } duration) timeout.CancelAfter(duration);
        startTimestamp = Stopwatch.GetTimestamp();
        var parts = await Task.WhenAll(Enumerable.Range(0, options.Connections)
            .Select(index => Task.Run(() => DriveAsync(index, timeout.Token), CancellationToken.None)));

        cancellation.ThrowIfCancellationRequested();
        var total = new LoadResult { Elapsed = Stopwatch.GetElapsedTime(startTimestamp) };
        foreach (var part in parts) total.Add(part);
        return total;
    }

    private async Task<LoadResult> DriveAsync(int index, CancellationToken stop)
    {
        var result = new LoadResult();
        var random = new Random(options.Seed + (7919 * index));
        var writer = new RequestWriter(options.Url.Authority, options.SessionPrefix, options.ItemsPerSession, options.ValueBytes);
        EndPoint target = IPAddress.TryParse(options.Url.Host, out var address)
            ? new IPEndPoint(address, options.Url.Port)
            : new DnsEndPoint(options.Url.Host, options.Url.Port);
        HttpConnection? connection = null;
        try
        {
            while (!stop.IsCancellationRequested && TryTake(random, out var turn, out var key))
            {
                if (options.Rate is { } rate) await PaceAsync(turn / rate, stop);
                try
                {
                    connection ??= await HttpConnection.ConnectAsync(target, stop);
                    await OperateAsync(connection, writer, random, key, result, stop);
                    Interlocked.Increment(ref done);
                }
                catch (Exception broken) when (broken is SocketException or IOException or InvalidDataException)
                {
                    result.CountError(0);
                    connection?.Dispose();
                    connection = null;
                    await Task.Delay(PauseWhenRefused, stop);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run's time is over: an answer still under way is not counted.
        }
        finally
        {
            connection?.Dispose();
        }

        return result;
    }

    private async ValueTask OperateAsync(
        HttpConnection connection, RequestWriter writer, Random random, long key, LoadResult result, CancellationToken stop)
    {
        var begin = Stopwatch.GetTimestamp();
        if (options.Reads >= 1 || random.NextDouble() < options.Reads)
        {
            var reply = await connection.SendAsync(writer.Get(key), stop);
            result.CountRead(reply, Stopwatch.GetElapsedTime(begin));
            if (reply.Status != 404 || !options.FillMisses) return;
            begin = Stopwatch.GetTimestamp();
        }

        var written = await connection.SendAsync(writer.Put(key, random), stop);
        result.CountWrite(written, Stopwatch.GetElapsedTime(begin));
        if (written.Status is 429 or 503 or 507) await Task.Delay(PauseWhenRefused, stop);
    }

    private bool TryTake(Random random, out long turn, out long key)
    {
        key = 0;
        turn = Interlocked.Increment(ref started) - 1;
        return (options.Requests is not { } limit || turn < limit) && options.Keys.TryNext(random, out key);
    }

    private async ValueTask PaceAsync(double dueSeconds, CancellationToken stop)
    {
        var wait = TimeSpan.FromSeconds(dueSeconds) - Stopwatch.GetElapsedTime(startTimestamp);
        if (wait > TimeSpan.FromMilliseconds(1)) await Task.Delay(wait, stop);
    }
}
