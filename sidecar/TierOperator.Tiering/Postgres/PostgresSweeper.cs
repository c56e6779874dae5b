using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace TierOperator.Tiering.Postgres;

/// <summary>Removes what is past its end, a few hundred sessions at a time, about once a minute. Many sidecars share the work: each skips what another holds.</summary>
internal sealed class PostgresSweeper(PostgresCalls calls, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int PerCall = 500;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(60);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = Task.Run(() => LoopAsync(_stop.Token));

    /// <summary>Removes until nothing is left to remove; how many sessions went, and whether the server answered to the end.</summary>
    public async Task<(int Sessions, bool IsComplete)> SweepAsync(CancellationToken cancellationToken)
    {
        for (var sum = 0; ;)
        {
            var answer = await calls.WriteAsync(Command(), static async reader => await reader.ReadAsync() ? reader.GetInt32(0) : 0, static _ => 0, calls.BatchTimeout, cancellationToken);
            if (answer.Fault is not null) return (sum, false);
            sum += answer.Value;
            if (answer.Value < PerCall) return (sum, true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task LoopAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(s_every * (0.5 + Random.Shared.NextDouble()), time, stop);
            try
            {
                await SweepAsync(stop);
            }
            catch (Exception error) when (!stop.IsCancellationRequested)
            {
                PostgresLog.BackgroundFailed(logger, error);
            }
        }
    }

    private NpgsqlBatchCommand Command()
    {
        var rememberedFrom = calls.NowMs - (long)calls.Remote.Tombstones.TotalMilliseconds;
        return new NpgsqlBatchCommand($"SELECT {calls.Schema}.sweep($1, $2, $3, $4, $5)")
        {
            Parameters =
            {
                new NpgsqlParameter { Value = calls.Remote.Namespace }, new NpgsqlParameter { Value = calls.Remote.Policy }, new NpgsqlParameter { Value = calls.NowMs },
                new NpgsqlParameter { Value = VersionColumn.From(new ItemVersion((ulong)Math.Max(0, rememberedFrom) << 16, 0)), NpgsqlDbType = NpgsqlDbType.Uuid },
                new NpgsqlParameter { Value = PerCall },
            },
        };
    }
}
