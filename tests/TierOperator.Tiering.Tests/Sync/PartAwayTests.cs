using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>A part of a tier that is away costs the other parts nothing, and what is for it waits until it is back.</summary>
public sealed class PartAwayTests
{
    private const byte Away = 0;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task NoAnswer_HoweverOften_IsNoDeadLetterAndHealsWhenThePartIsBack()
    {
        var (time, source, tier) = (new ManualTime(), new CountingSource(), new PartTier { HasAnswer = false });
        await using var loop = LoopOver(tier, source, time);
        Note(loop, Away);
        loop.Start();

        await UntilAsync(time, () => tier.TriesOfPart >= 40);
        Note(loop, 1);
        await UntilAsync(time, () => loop.Sent == 1);
        var owedStill = loop.Outbox.Owes([Away]);
        tier.IsPartBack = true;
        await UntilAsync(time, () => loop.Sent == 2);

        Assert.Equal((0, true), (source.Refused, owedStill));
    }

    [Fact]
    public async Task Objection_AgainAndAgain_IsADeadLetter()
    {
        var (time, source, tier) = (new ManualTime(), new CountingSource(), new PartTier { HasAnswer = true });
        await using var loop = LoopOver(tier, source, time);
        Note(loop, Away);
        loop.Start();

        await UntilAsync(time, () => loop.Sent == 1);

        Assert.Equal(1, source.Refused);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Hanging_Part_HoldsUpNoOneElse(bool tellsEach)
    {
        var (source, tier) = (new CountingSource(), new PartTier { TellsEach = tellsEach, Hangs = new TaskCompletionSource() });
        await using var loop = LoopOver(tier, source, TimeProvider.System);
        var away = loop.Outbox.Note(new OwedNote([Away], new ItemVersion(1, 1), 0) { IsDelete = true }, wait: true)!;
        loop.Start();
        await Eventually.HoldsAsync(() => tier.TriesOfPart == 1, () => "the part is not asked"); // by itself: what is asked together may wait for it
        var results = new List<RemoteResult>();
        try
        {
            for (byte other = 1; other < 100; other++)
                results.Add(await loop.Outbox.Note(new OwedNote([other], new ItemVersion(1, 1), 0) { IsDelete = true }, wait: true)!.WaitAsync(s_patience, TestContext.Current.CancellationToken));
            Assert.False(away.IsCompleted);
        }
        finally
        {
            tier.Hangs.SetResult(); // the loop waits for it when it ends
        }

        Assert.All(results, static result => Assert.Equal(RemoteStatus.Applied, result.Status));
        Assert.Equal(RemoteStatus.Unavailable, (await away).Status);
    }

    [Fact]
    public async Task Batch_OfWhichOneHangs_TellsTheOthersAtOnce()
    {
        var (source, tier) = (new CountingSource(), new PartTier { TellsEach = true, Hangs = new TaskCompletionSource() });
        await using var loop = LoopOver(tier, source, TimeProvider.System);
        var waiting = Enumerable.Range(0, 10).Select(session => loop.Outbox.Note(new OwedNote([(byte)session], new ItemVersion(1, 1), 0) { IsDelete = true }, wait: true)!).ToList();
        loop.Start();

        RemoteResult[] results;
        try
        {
            results = await Task.WhenAll(waiting.Skip(1)).WaitAsync(s_patience, TestContext.Current.CancellationToken);
            Assert.False(waiting[0].IsCompleted);
        }
        finally
        {
            tier.Hangs.SetResult();
        }

        Assert.All(results, static result => Assert.Equal(RemoteStatus.Applied, result.Status));
    }

    private static SyncLoop LoopOver(PartTier tier, ISyncSource source, TimeProvider time)
        => new(new RemoteTierBinding(tier, TimeSpan.FromMilliseconds(50)), new Outbox(1 << 20, 1 << 20), source, new SyncOptions(), new SyncClock(time, NullLogger.Instance));

    private static void Note(SyncLoop loop, byte session) => _ = loop.Outbox.Note(new OwedNote([session], new ItemVersion(1, 1), 0) { IsDelete = true }, wait: false);

    private static async Task UntilAsync(ManualTime time, Func<bool> holds)
    {
        var until = Task.Delay(s_patience, TestContext.Current.CancellationToken);
        while (!holds() && !until.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.True(holds());
    }

    private sealed class CountingSource : DeletesSource
    {
        private int _refused;

        public int Refused => Volatile.Read(ref _refused);

        public override void OnRefused(OwedSession owed, TierLink link, RemoteChange? change, string reason) => Interlocked.Increment(ref _refused);
    }

    /// <summary>Two parts: one has the session <see cref="Away"/>, the other has all others.</summary>
    private sealed class PartTier : IRemoteTier
    {
        private readonly ModelTier _model = new(TierSet.Redis);
        private int _tries;

        public bool TellsEach { get; init; }
        public bool HasAnswer { get; init; }
        public TaskCompletionSource? Hangs { get; init; }
        public volatile bool IsPartBack;
        public int TriesOfPart => Volatile.Read(ref _tries);
        public TierSet Tier => _model.Tier;
        public RemoteTierState State => _model.State;

        public event Action<RemoteTierState>? StateChanged { add => _model.StateChanged += value; remove => _model.StateChanged -= value; }
        public event Action? Forgot { add => _model.Forgot += value; remove => _model.Forgot -= value; }

        public void Start() => _model.Start();
        public ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken) => _model.ReadItemAsync(session, item, cancellationToken);
        public ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken) => _model.ReadSessionAsync(session, cancellationToken);
        public ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken) => _model.ListAsync(prefix, after, limit, cancellationToken);
        public ValueTask DisposeAsync() => _model.DisposeAsync();

        public ValueTask<IReadOnlyList<RemoteResult>> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken) => ApplyEachAsync(changes, static (_, _) => { }, cancellationToken);

        public async ValueTask<IReadOnlyList<RemoteResult>> ApplyEachAsync(IReadOnlyList<RemoteChange> changes, Action<int, RemoteResult> told, CancellationToken cancellationToken)
        {
            return await Task.WhenAll(changes.Select(async (change, place) =>
            {
                var result = await ApplyOneAsync(change, cancellationToken);
                if (TellsEach) told(place, result);
                return result;
            }));
        }

        private async Task<RemoteResult> ApplyOneAsync(RemoteChange change, CancellationToken cancellationToken)
        {
            if (change.Session.Span[0] != Away || IsPartBack) return (await _model.ApplyAsync([change], cancellationToken))[0];
            Interlocked.Increment(ref _tries);
            if (Hangs is not null) await Hangs.Task;
            return new RemoteResult(RemoteStatus.Unavailable) { IsObjection = HasAnswer, IsPartAway = true };
        }
    }
}
