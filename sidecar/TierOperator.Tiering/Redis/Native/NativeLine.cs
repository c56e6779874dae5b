using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis.Native;

/// <summary>A connection to the server that has one user: for what blocks, watches or transacts. Disposing of it ends what it waits for.</summary>
/// <remarks>One caller at a time; disposing is for any thread.</remarks>
public sealed class NativeLine : IAsyncDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly RedisConnection _connection;
    private readonly IRedisTopology _topology;
    private readonly int _slot;

    internal NativeLine(RedisConnection connection, IRedisTopology topology, int slot) => (_connection, _topology, _slot) = (connection, topology, slot);

    public bool IsOpen => _connection.IsOpen;

    /// <summary>
    /// Runs a command however long it takes, as long as the server is alive: the shared connection to it, which is watched, tells. A
    /// cancelled token throws, and leaves the line useless.
    /// </summary>
    public async ValueTask<NativeReply> CallAsync(IReadOnlyList<ReadOnlyMemory<byte>> words, CancellationToken cancellationToken)
    {
        var call = new PassedCall(words);
        _connection.Send(call);
        using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((PassedCall)state!).Cancel(token), call);
        var answer = call.Answer.AsTask();
        while (await Task.WhenAny(answer, Task.Delay(s_look, cancellationToken)) != answer && !cancellationToken.IsCancellationRequested)
            if (_topology.Route(_slot)?.Connection is null) _connection.Close(_topology.Fault?.Text ?? "the server has stopped answering");
        return PassedCall.ReplyOf(await answer);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
