using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// All that Redis itself does for clients where the policy has it: keys of other types, scripts, transactions with them, channels.
/// docs/redis-protocol.md has the rules.
/// </summary>
internal sealed class NativeWorld : IAsyncDisposable
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly Task _loop;

    private NativeWorld(TierEngine engine, TimeProvider time)
    {
        _time = time;
        Mark = new NativeMark(time);
        Keyspace = new NativeKeyspace(engine);
        var scripts = new NativeScripts();
        Commands = new NativeCommands(Keyspace, Mark, scripts);
        Transactions = new NativeTransactions(engine, Keyspace, Mark, scripts);
        Surveys = new NativeSurveys(Keyspace, Mark);
        Own = new NativeOwn(Keyspace, Commands);
        Channels = new NativeChannels(Keyspace, Mark);
        _loop = Task.Run(ListenAsync);
    }

    public NativeMark Mark { get; }
    public NativeKeyspace Keyspace { get; }
    public NativeCommands Commands { get; }
    public NativeTransactions Transactions { get; }
    public NativeSurveys Surveys { get; }
    public NativeOwn Own { get; }
    public NativeChannels Channels { get; }

    /// <summary>Null where the policy declares no Redis tier.</summary>
    public static NativeWorld? Of(TierEngine engine, TimeProvider time) => engine.NativeTier is null ? null : new NativeWorld(engine, time);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await Channels.DisposeAsync();
        _stop.Dispose();
    }

    // The server is known when its secret is there, and another one when that changes.
    private async Task ListenAsync()
    {
        using var timer = new PeriodicTimer(s_lookEvery, _time);
        try
        {
            do Channels.Feed();
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // closing
        }
    }
}
