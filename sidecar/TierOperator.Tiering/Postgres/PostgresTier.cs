using Microsoft.Extensions.Logging;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// PostgreSQL as a tier. Every call is one statement on a small pool and one transaction on the server, with nothing that outlives
/// it: the server may stand behind PgBouncer in transaction mode. See docs/postgres.md.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class PostgresTier : IRemoteTier
{
    private readonly PostgresGateway _gateway;
    private readonly PostgresMonitor _monitor;
    private readonly SessionReader _reader;
    private readonly ChangeWriter _writer;
    private bool _isDisposed;

    public PostgresTier(PostgresTierOptions options, TimeProvider time, ILogger logger)
    {
        _gateway = new PostgresGateway(options, time);
        _monitor = new PostgresMonitor(options, _gateway, time, logger);
        Calls = new PostgresCalls(options, _gateway, _monitor, time);
        _reader = new SessionReader(Calls, codec => PostgresLog.ValueUnreadable(logger, codec));
        _writer = new ChangeWriter(options, Calls);
    }

    public TierSet Tier => TierSet.Postgres;
    public RemoteTierState State => _monitor.State;

    public event Action<RemoteTierState>? StateChanged
    {
        add => _monitor.StateChanged += value;
        remove => _monitor.StateChanged -= value;
    }

    public event Action? Forgot
    {
        add => _monitor.Forgot += value;
        remove => _monitor.Forgot -= value;
    }

    internal PostgresCalls Calls { get; }

    public void Start() => _monitor.Start();

    public ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken)
        => _reader.ReadItemAsync(session, item, cancellationToken);

    public ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
        => _reader.ReadSessionAsync(session, cancellationToken);

    public ValueTask<IReadOnlyList<RemoteResult>> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken)
        => _writer.ApplyAsync(changes, cancellationToken);

    public ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => _reader.ListAsync(prefix, after, limit, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await _monitor.DisposeAsync();
        await _gateway.DisposeAsync();
    }
}
