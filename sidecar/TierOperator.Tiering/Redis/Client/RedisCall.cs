using System.Text;
using System.Threading.Tasks.Sources;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// One command on its way. Whoever claims it first ends it: the reply, the deadline, the caller's cancellation or the end of the connection.
/// A claimed call keeps its place in the connection's queue, because its reply may still come.
/// </summary>
internal abstract class RedisCall
{
    private int _claimed;

    /// <summary>When the caller has waited long enough: a timestamp of the client's clock.</summary>
    public long DeadlineAt { get; init; } = long.MaxValue;

    /// <summary>False: sent once, it is never sent again, because it may have happened although its reply was lost.</summary>
    public virtual bool MayRepeat => true;

    /// <summary>False for commands that are answered by pushes only: they take no place in the queue.</summary>
    public virtual bool HasReply => true;
    public bool IsDone => Volatile.Read(ref _claimed) != 0;

    /// <summary>Appends the command, in the order in which the server will get it.</summary>
    public abstract void Write(RespWriter writer, RedisLane lane);

    /// <summary>Takes the reply, in place: its bytes are gone afterwards. Runs on the receiving loop.</summary>
    public void Reply(ReadOnlySpan<byte> frame)
    {
        if (!TryClaim()) return;
        try
        {
            var reader = new RespReader(frame);
            reader.Next();
            if (reader.IsError) CompleteFault(new RedisFault(RedisFaultKind.Server, Encoding.UTF8.GetString(reader.Value)));
            else CompleteReply(new RespReader(frame));
        }
        catch (Exception unexpected)
        {
            // Whatever it is: the call is claimed, so nobody else would ever answer its caller.
            CompleteFault(new RedisFault(RedisFaultKind.Server, "ERR the reply has another form than asked for: " + unexpected.Message));
        }
    }

    public void Fail(RedisFault fault)
    {
        if (TryClaim()) CompleteFault(fault);
    }

    protected bool TryClaim() => Interlocked.CompareExchange(ref _claimed, 1, 0) == 0;
    protected abstract void CompleteReply(RespReader reader);
    protected abstract void CompleteFault(RedisFault fault);
}

/// <summary>A command with a result. Awaited once.</summary>
internal abstract class RedisCall<T> : RedisCall, IValueTaskSource<RedisAnswer<T>>
{
    // Callers go on elsewhere: what they do next must not hold up the replies of others.
    private ManualResetValueTaskSourceCore<RedisAnswer<T>> _source = new() { RunContinuationsAsynchronously = true };
    private CancellationToken _cancelled;

    public ValueTask<RedisAnswer<T>> Answer => new(this, _source.Version);

    /// <summary>Ends the call by an exception.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        if (!TryClaim()) return;
        _cancelled = cancellationToken;
        _source.SetException(new OperationCanceledException(_cancelled));
    }

    protected abstract T Parse(ref RespReader reader);

    protected sealed override void CompleteReply(RespReader reader) => _source.SetResult(new RedisAnswer<T>(Parse(ref reader), null));
    protected sealed override void CompleteFault(RedisFault fault) => _source.SetResult(new RedisAnswer<T>(default, fault));

    RedisAnswer<T> IValueTaskSource<RedisAnswer<T>>.GetResult(short token) => _source.GetResult(token);
    ValueTaskSourceStatus IValueTaskSource<RedisAnswer<T>>.GetStatus(short token) => _source.GetStatus(token);
    void IValueTaskSource<RedisAnswer<T>>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _source.OnCompleted(continuation, state, token, flags);
}

/// <summary>How a reply becomes a value.</summary>
internal delegate T RedisParser<T>(ref RespReader reader);

/// <summary>Any command whose arguments are at hand.</summary>
internal sealed class RedisCommand<T>(RedisParser<T> parser, params ReadOnlyMemory<byte>[] arguments) : RedisCall<T>
{
    public override void Write(RespWriter writer, RedisLane lane)
    {
        writer.Array(arguments.Length);
        foreach (var argument in arguments) writer.Bulk(argument.Span);
    }

    protected override T Parse(ref RespReader reader) => parser(ref reader);
}

/// <summary>Commands of the housekeeping, made from words.</summary>
internal static class RedisCommand
{
    public static RedisCommand<string?> Text(long deadlineAt, params string[] words) => new(ReadText, Bytes(words)) { DeadlineAt = deadlineAt };

    /// <summary>For commands whose reply is taken apart by the caller.</summary>
    public static RedisCommand<T> Parsed<T>(long deadlineAt, RedisParser<T> parser, params string[] words) => new(parser, Bytes(words)) { DeadlineAt = deadlineAt };

    private static ReadOnlyMemory<byte>[] Bytes(string[] words) => [.. words.Select(word => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(word))];

    // Null for a null and for anything with parts, which those who ask for text do not look at.
    private static string? ReadText(ref RespReader reader)
    {
        reader.Next();
        return reader.IsNull || reader.IsAggregate ? null : Encoding.UTF8.GetString(reader.Value);
    }
}
