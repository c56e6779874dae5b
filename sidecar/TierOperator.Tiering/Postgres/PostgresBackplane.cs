using Microsoft.Extensions.Logging;
using Npgsql;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// Hears of changes by LISTEN, on a connection of its own. NOTIFY is part of the writing transaction: an announcement comes
/// when and only when the change is there. Each sidecar numbers its own; a number left out, or a new connection, is a gap.
/// </summary>
/// <remarks>
/// PgBouncer in transaction mode cannot carry LISTEN: there the URL for announcements must name the server itself. A connection
/// that says nothing for <see cref="QuietLimit"/> is asked whether it lives, and given up after <see cref="AnswerLimit"/>:
/// their sum bounds how long a lost connection can pass for a quiet one.
/// </remarks>
public sealed class PostgresBackplane(PostgresTierOptions options, TimeProvider time, ILogger logger) : IBackplane
{
    public static readonly TimeSpan QuietLimit = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_backoffFrom = TimeSpan.FromMilliseconds(100);
    private const int MaxBackoffDoublings = 5;

    /// <summary>More sidecars than this are forgotten all at once, which is a gap.</summary>
    private const int MaxNodes = 10_000;

    private readonly string _channel = AnnouncementChannel.Of(options.Remote.Namespace, options.Remote.Policy, options.Url.Schema);
    private readonly Dictionary<uint, long> _numbers = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private volatile bool _isConnected;
    private int _failures;

    public event Action<RemoteAnnouncement>? Announced;
    public event Action? Gap;

    public bool IsConnected => _isConnected;
    public BackplaneWay Way => _isConnected ? BackplaneWay.Notify : BackplaneWay.None;

    public void Start() => _loop = Task.Run(() => LoopAsync(_stop.Token));

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _stop.CancelAsync();
        }
        catch (AggregateException)
        {
            // The listening connection broke at this very moment: the driver's part of the cancellation met what it had disposed of.
        }

        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task LoopAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stop);
            }
            catch (Exception error) when (!stop.IsCancellationRequested)
            {
                if (error is not (NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException)) PostgresLog.BackgroundFailed(logger, error);
            }

            _isConnected = false;
            var most = s_backoffFrom * (1 << Math.Min(_failures++, MaxBackoffDoublings));
            await Task.Delay(most * (0.5 + (Random.Shared.NextDouble() / 2)), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenAsync(CancellationToken stop)
    {
        var source = ConnectionSettings.Single(options.Url);
        var connection = source.CreateConnection();
        try
        {
            await connection.OpenAsync(stop).WaitAsync(s_connectLimit, time, stop);
            connection.Notification += OnNotification;
            await ExecuteAsync(connection, $"LISTEN {_channel}", stop);
            _numbers.Clear();
            (_isConnected, _failures) = (true, 0);
            Gap?.Invoke(); // what was announced until now was not heard
            while (!stop.IsCancellationRequested)
                if (!await connection.WaitAsync(QuietLimit, stop)) await ExecuteAsync(connection, "SELECT 1", stop);
        }
        finally
        {
            connection.Notification -= OnNotification;
            _ = CloseAsync(connection, source);
        }
    }

    private Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken stop)
    {
        return RunAsync().WaitAsync(AnswerLimit, time, stop);

        // Not cancelled but left behind, as every call: cancelling would wait for a frozen server.
        async Task RunAsync()
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    /// <summary>Closing says goodbye to the server, which may not listen: nobody waits for it.</summary>
    private static async Task CloseAsync(NpgsqlConnection connection, NpgsqlDataSource source)
    {
        try
        {
            await connection.DisposeAsync();
            await source.DisposeAsync();
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException or IOException)
        {
            // it was broken, or a question is still unanswered on it: TCP gives it up
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs told)
    {
        if (told.Channel != _channel) return;
        if (!AnnouncementNote.TryRead(told.Payload, out var node, out var number, out var entries))
        {
            Gap?.Invoke(); // damaged, or of a version that this program does not know
            return;
        }

        var isNext = !_numbers.TryGetValue(node, out var last) || number == last + 1;
        if (_numbers.Count >= MaxNodes && !_numbers.ContainsKey(node)) _numbers.Clear();
        _numbers[node] = number;
        if (!isNext || entries.Exists(static entry => entry.Session is null)) Gap?.Invoke();
        foreach (var (newest, session) in entries)
            if (session is not null) Announced?.Invoke(new RemoteAnnouncement(session, newest, node));
    }
}
