using TierOperator.Kubernetes.Objects;
using TierOperator.TestKit;

namespace TierOperator.Kubernetes.Queueing;

public sealed class WorkQueueTests
{
    private static readonly ObjectKey A = new("default", "a");
    private readonly ManualTime _time = new();
    private readonly WorkQueue _queue;

    public WorkQueueTests() => _queue = new WorkQueue(_time);

    [Fact]
    public async Task TakeAsync_KeyAddedTwice_ComesOnce()
    {
        _queue.Add(A);
        _queue.Add(A);

        await _queue.TakeAsync(default);
        _queue.Done(A);

        Assert.Equal(0, _queue.Depth);
    }

    [Fact]
    public async Task TakeAsync_KeyAddedWhileWorkedOn_ComesAfterDone()
    {
        _queue.Add(A);
        await _queue.TakeAsync(default);

        _queue.Add(A);
        var second = _queue.TakeAsync(default);

        Assert.False(second.IsCompleted);
        _queue.Done(A);
        Assert.Equal(A, await second);
    }

    [Fact]
    public async Task AddAfter_AdditionMeanwhile_DoesNotCancelTheDelay()
    {
        _queue.AddAfter(A, TimeSpan.FromSeconds(60));
        _queue.Add(A);
        await _queue.TakeAsync(default);
        _queue.Done(A);
        Assert.Equal(0, _queue.Depth);

        _time.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(1, _queue.Depth);
    }

    [Fact]
    public void AddAfter_EarlierAndLater_EarlierCounts()
    {
        _queue.AddAfter(A, TimeSpan.FromSeconds(60));
        _queue.AddAfter(A, TimeSpan.FromSeconds(10));
        _queue.AddAfter(A, TimeSpan.FromSeconds(30));

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(1, _queue.Depth);
    }

    [Fact]
    public async Task AddFailed_AgainAndAgain_WaitsTwiceAsLongEachTime()
    {
        var waits = new List<double>();
        for (var round = 0; round < 5; round++)
        {
            _queue.AddFailed(A);
            var before = _time.GetUtcNow();
            while (_queue.Depth == 0) _time.Advance(TimeSpan.FromMilliseconds(1));
            waits.Add((_time.GetUtcNow() - before).TotalMilliseconds);
            await _queue.TakeAsync(default);
            _queue.Done(A);
        }

        Assert.Equal([5, 10, 20, 40, 80], waits);
    }

    [Fact]
    public void AddFailed_ManyKeys_PassOneBucket()
    {
        for (var number = 0; number < 150; number++) _queue.AddFailed(new ObjectKey("default", $"k{number}"));

        _time.Advance(TimeSpan.FromMilliseconds(10));
        var burst = _queue.Depth;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(100, burst);
        Assert.Equal(110, _queue.Depth);
    }

    [Fact]
    public void OldestAge_KeyThatWaits_IsItsWait()
    {
        _queue.Add(A);

        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(TimeSpan.FromSeconds(3), _queue.OldestAge);
    }
}
