using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>The loop's ends: whatever it is doing, closing and flushing come to one.</summary>
public sealed class SyncLoopTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task DisposeAsync_InThePauseAfterAnError_EndsQuietly()
    {
        var source = new BrokenJournal();
        var loop = LoopOver(new ModelTier(TierSet.Redis), source);
        loop.Outbox.FallBehind(default);
        loop.Start();
        await source.WasAsked.WaitAsync(s_patience, TestContext.Current.CancellationToken);

        await loop.DisposeAsync().AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task FlushAsync_OfATierThatIsAway_SaysSoAtOnce()
    {
        var tier = new ModelTier(TierSet.Redis);
        tier.SetState(new RemoteTierState(RemoteHealth.Unavailable, "away"));
        await using var loop = LoopOver(tier, new BrokenJournal());
        _ = loop.Outbox.Note(new OwedNote([1], new ItemVersion(1, 1), 0) { IsDelete = true }, wait: false);
        loop.Start();

        var isFlushed = await loop.FlushAsync(CancellationToken.None).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);

        Assert.False(isFlushed);
    }

    [Fact]
    public async Task FlushAsync_OfWhatIsYoung_SendsItAndEnds()
    {
        await using var loop = LoopOver(new ModelTier(TierSet.Redis), new BrokenJournal());
        _ = loop.Outbox.Note(new OwedNote([1], new ItemVersion(1, 1), long.MaxValue) { IsDelete = true }, wait: false);
        loop.Start();

        var isFlushed = await loop.FlushAsync(CancellationToken.None).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);

        Assert.True(isFlushed);
        Assert.Equal(1, loop.Sent);
    }

    private static SyncLoop LoopOver(ModelTier tier, ISyncSource source)
        => new(new RemoteTierBinding(tier, TimeSpan.FromMilliseconds(50)), new Outbox(1 << 20, 1 << 20), source, new SyncOptions(), new SyncClock(TimeProvider.System, NullLogger.Instance));

    /// <summary>Its journal cannot be read.</summary>
    private sealed class BrokenJournal : DeletesSource
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task WasAsked => _asked.Task;

        public override JournalStretch? ReadJournal(JournalPosition from)
        {
            _asked.TrySetResult();
            throw new IOException("The disk is broken.");
        }
    }
}
