using Microsoft.Extensions.Logging;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Postgres.Retaining;
using TierOperator.Tiering.Postgres.Search;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Retention;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// PostgreSQL as a tier. Every call is one statement on a small pool and one transaction on the server, with nothing that outlives
/// it: the server may stand behind PgBouncer in transaction mode. See docs/postgres.md.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class PostgresTier : IRemoteTier, ISearchableTier, IIndexedTier, IRetainingTier, IAuditedTier, IRemindingTier
{
    private readonly PostgresGateway _gateway;
    private readonly PostgresMonitor _monitor;
    private readonly SessionReader _reader;
    private readonly ChangeWriter _writer;
    private readonly SearchReader _search;
    private readonly IndexedSessions _indexed;
    private readonly RetentionRun _retention;
    private readonly UnheardSessions _unheard;
    private readonly PostgresSweeper _sweeper;
    private bool _isDisposed;

    public PostgresTier(PostgresTierOptions options, TimeProvider time, ILogger logger)
    {
        _gateway = new PostgresGateway(options, time);
        _monitor = new PostgresMonitor(options, _gateway, time, logger);
        Calls = new PostgresCalls(options, _gateway, _monitor, time);
        _reader = new SessionReader(Calls, codec => PostgresLog.ValueUnreadable(logger, codec));
        _writer = new ChangeWriter(options, Calls);
        _search = new SearchReader(options, Calls);
        _indexed = new IndexedSessions(options, Calls, _writer);
        _retention = new RetentionRun(Calls, _reader);
        _unheard = new UnheardSessions(Calls);
        _sweeper = new PostgresSweeper(Calls, time, logger);
        Audit = new PostgresAudit(Calls);
    }

    public TierSet Tier => TierSet.Postgres;
    public RemoteTierState State => _monitor.State;
    public TimeSpan? ClockSkew => _monitor.ClockSkew;

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

    /// <summary>Notes of conflicts and dead letters in the same database.</summary>
    public IAuditStore Audit { get; }
    IAuditStore? IAuditedTier.Audit => Audit;

    internal PostgresCalls Calls { get; }

    public void Start()
    {
        _monitor.Start();
        _sweeper.Start();
    }

    public ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken)
        => _reader.ReadItemAsync(session, item, cancellationToken);

    public ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
        => _reader.ReadSessionAsync(session, cancellationToken);

    public ValueTask<IReadOnlyList<RemoteResult>> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken)
        => _writer.ApplyAsync(changes, cancellationToken);

    public ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => _reader.ListAsync(prefix, after, limit, cancellationToken);

    public ValueTask<SearchPage> SearchAsync(string query, int limit, CancellationToken cancellationToken)
        => _search.SearchAsync(query, limit, cancellationToken);

    public ValueTask<RemoteListing> ListSubjectAsync(string subject, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => _indexed.ListSubjectAsync(subject, after, limit, cancellationToken);

    public ValueTask<RemoteListing> ListChildrenAsync(ReadOnlyMemory<byte> parent, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => _indexed.ListChildrenAsync(parent, after, limit, cancellationToken);

    public ValueTask<RemoteDeletion> EraseSubjectAsync(string subject, ItemVersion floor, CancellationToken cancellationToken)
        => _indexed.EraseSubjectAsync(subject, floor, cancellationToken);

    public ValueTask<RemoteDeletion> DeleteChildrenAsync(ReadOnlyMemory<byte> parent, ItemVersion floor, CancellationToken cancellationToken)
        => _indexed.DeleteChildrenAsync(parent, floor, cancellationToken);

    public ValueTask<RetentionReport> RunRetentionAsync(IReadOnlyList<CompiledRetention> entries, bool dryRun, IRetentionExport? export, CancellationToken cancellationToken)
        => _retention.RunAsync(entries, dryRun, export, cancellationToken);

    public ValueTask<bool> NoteUnheardAsync(IReadOnlyCollection<byte[]> sessions, CancellationToken cancellationToken)
        => _unheard.NoteAsync(sessions, cancellationToken);

    public ValueTask<IReadOnlyList<UnheardSession>> TakeUnheardAsync(int most, CancellationToken cancellationToken)
        => _unheard.TakeAsync(most, cancellationToken);

    public ValueTask<bool> HeardAsync(IReadOnlyCollection<UnheardSession> sessions, CancellationToken cancellationToken)
        => _unheard.HeardAsync(sessions, cancellationToken);

    /// <summary>Removes what is past its end now; it happens by itself about once a minute.</summary>
    internal Task<(int Sessions, bool IsComplete)> SweepAsync(CancellationToken cancellationToken) => _sweeper.SweepAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await _sweeper.DisposeAsync();
        await _monitor.DisposeAsync();
        await _gateway.DisposeAsync();
    }
}
