namespace TierOperator.Tiering.Disk;

public sealed partial class DiskStore
{
    private void Start() => _commit.Start();

    private static bool IsGone(PendingBatch batch) => batch.Operations.Length == 0;

    private bool HasRoom(long bytes) => LiveBytes + PendingBytes + bytes < _options.CapacityBytes * 95 / 100;

    private bool TryMakeRoom() => _segments.TryDropSpare();

    private static void OnSealed(SegmentFile segment) => segment.IsSealed = true;

    private void OnWriteFailed(Exception failure)
        => SetState(DiskErrors.IsNoSpace(failure) ? DiskState.Full : DiskState.Failing);

    private static Task StopMaintenanceAsync() => Task.CompletedTask;

    private void CloseLog() => _log.SealActive();
}
