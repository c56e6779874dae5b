using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Commands;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// EXEC as one edit: all keys of all commands, and the watched ones, are held still; the commands run in order, each seeing what
/// those before it staged; one record of the journal takes it all.
/// </summary>
/// <remarks>
/// Commands about the connection run when the reply is put together. Those over unnamed keys (KEYS, SCAN, FLUSHALL) run after
/// the edit: they see the transaction's writes, and are not part of its record.
/// </remarks>
internal sealed class TransactionExecution : ISessionEdit
{
    private readonly List<Part> _parts = [];
    private readonly Dictionary<byte[], ulong> _watched;

    public TransactionExecution(RespServer server, Transaction transaction, int protocol)
    {
        _watched = new Dictionary<byte[], ulong>(transaction.Watched, ByteComparer.Instance);
        server.Prepare(Shared);
        var writes = transaction.Queue.Exists(queued => queued.Command is { IsWrite: true, OnKeys: not null });
        Shared.Scope.Begin(isReadOnly: !writes);
        foreach (var key in _watched.Keys) Shared.Scope.Add(key);
        foreach (var (command, arguments) in transaction.Queue)
        {
            var part = new Part(command, arguments, new RespWriter { Protocol = protocol });
            part.Call.BeginIn(Shared, command, arguments, part.Reply);
            if (command.OnKeys is not null) part.Call.AddKeys(Shared.Scope);
            _parts.Add(part);
        }
    }

    /// <summary>Scope and events of the whole.</summary>
    public KeyCall Shared { get; } = new();

    /// <summary>A watched key has changed: nothing was done.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>Stop, with nothing done, at a key that is no session: Redis may have it.</summary>
    public bool StopsAtAbsent { get; set; }
    public bool HasStopped { get; private set; }

    /// <summary>Some command is one that only Redis has.</summary>
    public bool HasPassed => _parts.Exists(part => part.Command.IsPassed);

    /// <summary>Commands that Redis runs, where it runs any.</summary>
    public IReadOnlyList<Part> PartsInRedis => [.. _parts.Where(part => part.Command.OnKeys is not null || part.Command.IsPassed)];

    /// <summary>Keys that its commands name, each once.</summary>
    public IReadOnlyList<byte[]> Keys => [.. PartsInRedis.SelectMany(part => new Native.NativeRequest(part.Command.Fact!, part.Arguments, 3).Keys).Distinct(ByteComparer.Instance)];

    public IReadOnlyDictionary<byte[], ulong> Watched => _watched;

    /// <summary>Keys that it writes, for those who track them.</summary>
    public IReadOnlyList<byte[]> WrittenKeys
        => [.. PartsInRedis.Where(part => part.Command.IsWrite).SelectMany(part => new Native.NativeRequest(part.Command.Fact!, part.Arguments, 3).Keys)];

    public void Abort() => IsAborted = true;

    public bool HasSurveys => _parts.Exists(part => part.Command.OnSurvey is not null);

    public bool IsEmpty => Shared.Scope.Count == 0;

    public void Run(EditScope scope)
    {
        Shared.Events.Clear();
        IsAborted = _watched.Any(watched => scope.Of(watched.Key).Fingerprint() != watched.Value);
        if (IsAborted) return;
        HasStopped = StopsAtAbsent && KeyCall.HasAbsent(scope);
        if (HasStopped) return;
        foreach (var part in _parts)
        {
            if (part.Command.OnKeys is null) continue;
            part.Reply.Truncate(0);
            part.Call.RunIn();
        }
    }

    /// <summary>Runs what works over unnamed keys, off the event thread.</summary>
    public async ValueTask<List<SurveyCall>> SurveyAsync(RespServer server)
    {
        var calls = new List<SurveyCall>();
        if (IsAborted) return calls;
        foreach (var part in _parts.Where(part => part.Command.OnSurvey is not null))
        {
            var call = new SurveyCall(server.Engine, part.Arguments, part.Reply, server.MayFlush) { Native = server.Native?.Surveys };
            await part.Command.OnSurvey!(call);
            calls.Add(call);
        }

        return calls;
    }

    /// <summary>Puts the reply together; commands about the connection run now. On the event thread.</summary>
    public void Write(RespConnection connection)
    {
        if (IsAborted)
        {
            connection.Reply.NullArray();
            return;
        }

        connection.Reply.Array(_parts.Count);
        foreach (var part in _parts)
        {
            if (part.Command.OnConnection is { } onConnection) onConnection(connection, part.Arguments);
            else connection.Reply.Raw(part.Reply.Written.Span);
        }
    }

    /// <summary>Keys that a reading command of it has read, for tracking.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> ReadKeys()
        => _parts.Where(part => part.Command.Flags.HasFlag(CommandFlags.ReadOnly)).SelectMany(part => part.Call.KeysOf());

    public void Release()
    {
        Shared.Scope.Begin(isReadOnly: true);
        foreach (var part in _parts) part.Reply.Dispose();
    }

    internal sealed record Part(Command Command, RespArguments Arguments, RespWriter Reply)
    {
        public KeyCall Call { get; } = new();
    }
}
