namespace TierOperator.Tiering.Memory;

/// <summary>
/// Marks slow work on one session (a load, a change on disk). Others wait for it to open, then look again; a waiter that
/// gives up does not disturb the work.
/// </summary>
internal sealed class SessionGate
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task WaitAsync(CancellationToken cancellationToken) => _opened.Task.WaitAsync(cancellationToken);

    public void Open() => _opened.TrySetResult();
}
