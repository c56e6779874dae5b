using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>The loop between two full batches.</summary>
public sealed class SyncLoopRestTests
{
    private const int FullBatch = 16;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Step_AfterASlowFullBatch_RestsAndSendsWhatChangesTwiceOnce()
    {
        var time = new ManualTime();
        var source = new SlowSource(time);
        await using var loop = new SyncLoop(
            new RemoteTierBinding(new ModelTier(TierSet.Redis), TimeSpan.FromMilliseconds(50)), new Outbox(1 << 20, 1 << 20), source, new SyncOptions { Batch = FullBatch }, new SyncClock(time, NullLogger.Instance));
        source.OnFirstBatch = () => Note(loop.Outbox, time, version: 2);
        Note(loop.Outbox, time, version: 1);
        loop.Start();
        await source.FirstBatch.WaitAsync(s_patience, TestContext.Current.CancellationToken);

        Note(loop.Outbox, time, version: 9);
        var until = Task.Delay(s_patience, TestContext.Current.CancellationToken);
        while (loop.Sent < 2 * FullBatch && !until.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        Assert.Equal(2 * FullBatch, loop.Sent);
        Assert.All(source.Sent.Skip(FullBatch), static version => Assert.Equal(9UL, version));
    }

    private static void Note(Outbox outbox, ManualTime time, ulong version)
    {
        for (byte session = 0; session < FullBatch; session++)
            _ = outbox.Note(new OwedNote([session], new ItemVersion(version, 1), time.GetUtcNow().ToUnixTimeMilliseconds()) { IsDelete = true, Since = new JournalPosition(1, 0) }, wait: false);
    }

    /// <summary>The first batch takes a tenth of a second, and others write meanwhile.</summary>
    private sealed class SlowSource(ManualTime time) : DeletesSource
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<ulong> _sent = [];

        public Task FirstBatch => _first.Task;
        public Action OnFirstBatch { get; set; } = static () => { };
        public IReadOnlyList<ulong> Sent => _sent;

        public override RemoteChange? Build(OwedSession owed, TierLink link)
        {
            _sent.Add(owed.Newest.Stamp);
            return base.Build(owed, link);
        }

        public override void OnSettled(OwedSession owed, TierLink link, RemoteResult result)
        {
            if (_first.Task.IsCompleted) return;
            time.Advance(TimeSpan.FromMilliseconds(100));
            OnFirstBatch();
            _first.TrySetResult();
        }
    }
}
