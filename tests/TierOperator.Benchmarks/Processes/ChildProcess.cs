using System.Collections.Concurrent;
using System.Diagnostics;

namespace TierOperator.Benchmarks.Processes;

/// <summary>A program that this one has started, and ends when disposed. Its error output is kept for a failure's message.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptErrorLines = 20;

    private readonly Process process;
    private readonly ConcurrentQueue<string> errors = new();

    public ChildProcess(string file, IEnumerable<string> arguments, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        StartedAt = Stopwatch.GetTimestamp();
        process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start");
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>The <see cref="Stopwatch"/> timestamp just before the start.</summary>
    public long StartedAt { get; }
    public int Id => process.Id;

    /// <summary>Throws, with its last words, when it has ended.</summary>
    public void EnsureRuns()
    {
        if (process.HasExited) throw new InvalidOperationException($"{process.StartInfo.FileName} ended with {process.ExitCode}. {ErrorText()}");
    }

    /// <summary>Reads standard output up to the first line that starts with <paramref name="prefix"/>, then on in the background.</summary>
    public async Task<string> ReadLineAsync(string prefix, TimeSpan patience, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(patience);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
            {
                if (!line.StartsWith(prefix, StringComparison.Ordinal)) continue;
                _ = DrainAsync();
                return line;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{process.StartInfo.FileName} did not print a line '{prefix}…' within {patience}. {ErrorText()}");
        }

        throw new InvalidOperationException($"{process.StartInfo.FileName} ended before its line '{prefix}…'. {ErrorText()}");
    }

    /// <summary>All of standard output, once the program has ended well.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken cancellation)
    {
        var text = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0
            ? text
            : throw new InvalidOperationException($"{process.StartInfo.FileName} ended with {process.ExitCode}. {ErrorText()}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private string ErrorText() => "It wrote: " + string.Join(Environment.NewLine, errors);

    private void Keep(string? line)
    {
        if (line is null) return;
        errors.Enqueue(line);
        if (errors.Count > KeptErrorLines) errors.TryDequeue(out _);
    }

    // A full pipe would stop the program at its next line of output.
    private async Task DrainAsync()
    {
        try
        {
            while (await process.StandardOutput.ReadLineAsync() is not null)
            {
            }
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed while a line was awaited.
        }
    }
}
