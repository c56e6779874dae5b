using System.Globalization;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// Sends a command to the server that has its slot, follows the Cluster's redirections, and tries again within the caller's deadline where
/// another try can help. So a command may happen twice, unless it says that it must not: <see cref="RedisCall.MayRepeat"/>.
/// </summary>
/// <remarks>Thread-safe. A failure is an answer; only a cancelled token throws.</remarks>
internal sealed class RedisClient(IRedisTopology topology, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    public IRedisTopology Topology => topology;

    /// <summary>Raised for each error that a server answered, on the caller's thread; must return at once.</summary>
    public event Action<RedisFault>? Refused;

    public long DeadlineAfter(TimeSpan timeout) => time.DeadlineAfter(timeout);

    /// <remarks>A server that was found dead is not waited for: that would cost the caller its time, and the batch that it is in.</remarks>
    /// <param name="make">Makes the call anew for each try; the deadline is the call's own.</param>
    public async ValueTask<RedisAnswer<T>> ExecuteAsync<T>(int slot, Func<RedisCall<T>> make, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = make();
        var (node, asking) = (topology.Route(slot), false);
        while (true)
        {
            var answer = await TryAsync(node, call, asking, cancellationToken);
            if (answer.Fault is not { } fault) return answer;
            if (fault.Kind == RedisFaultKind.Server) Refused?.Invoke(fault);
            var next = fault.Kind == RedisFaultKind.Disconnected && !call.MayRepeat ? NextTry.GiveUp : Next(fault);
            if (next == NextTry.GiveUp || time.GetTimestamp() >= call.DeadlineAt) return answer;
            if (next == NextTry.Wait && fault.Kind == RedisFaultKind.Disconnected && topology.Route(slot) is { Connection: null, Fault: not null }) return answer;
            if (next == NextTry.Wait && !await PauseAsync(call.DeadlineAt, cancellationToken)) return answer;
            asking = fault.Code == "ASK";
            node = asking || fault.Code == "MOVED" ? Redirected(fault) : topology.Route(slot);
            call = make();
        }
    }

    /// <summary>Sends a command to one server, without redirections.</summary>
    public async ValueTask<RedisAnswer<T>> ExecuteOnAsync<T>(RedisNode node, RedisCall<T> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await TryAsync(node, call, asking: false, cancellationToken);
    }

    public ValueTask DisposeAsync() => topology.DisposeAsync();

    private async ValueTask<RedisAnswer<T>> TryAsync<T>(RedisNode? node, RedisCall<T> call, bool asking, CancellationToken cancellationToken)
    {
        if (node is null) return new RedisAnswer<T>(default, topology.Fault ?? new RedisFault(RedisFaultKind.Disconnected, "no server is known for it yet"));
        var connection = node.Connection ?? await node.ConnectAsync(call.DeadlineAt, cancellationToken);
        if (connection is null) return new RedisAnswer<T>(default, node.Fault ?? RedisFault.TimedOut);
        connection.Send(call, asking ? RedisCommand.Text(call.DeadlineAt, "ASKING") : null);
        if (!cancellationToken.CanBeCanceled) return await call.Answer;
        using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((RedisCall<T>)state!).Cancel(token), call);
        return await call.Answer;
    }

    private NextTry Next(RedisFault fault)
    {
        switch (fault.Kind)
        {
            case RedisFaultKind.Timeout or RedisFaultKind.Busy:
                return NextTry.GiveUp;
            case RedisFaultKind.Disconnected:
                topology.Doubt();
                return NextTry.Wait;
        }

        switch (fault.Code)
        {
            case "MOVED":
                topology.Doubt();
                return NextTry.AtOnce;
            case "ASK":
                return NextTry.AtOnce;
            case "TRYAGAIN" or "CLUSTERDOWN" or "READONLY" or "MASTERDOWN" or "LOADING":
                topology.Doubt();
                // One server alone stays what it is: waiting for another would only cost the caller time.
                return topology is StandaloneTopology ? NextTry.GiveUp : NextTry.Wait;
            default:
                return NextTry.GiveUp;
        }
    }

    // MOVED 3999 127.0.0.1:6381; an empty host is that of the server that said so.
    private RedisNode? Redirected(RedisFault fault)
    {
        var parts = fault.Text.Split(' ');
        var colon = parts.Length == 3 ? parts[2].LastIndexOf(':') : -1;
        return colon >= 0 && int.TryParse(parts[2].AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? topology.At(new RedisAddress(parts[2][..colon].Trim('[', ']'), port))
            : null;
    }

    private async ValueTask<bool> PauseAsync(long deadlineAt, CancellationToken cancellationToken)
    {
        if (time.DeadlineAfter(s_pause) >= deadlineAt) return false;
        await Task.Delay(s_pause, time, cancellationToken);
        return true;
    }

    private enum NextTry { GiveUp, AtOnce, Wait }
}
