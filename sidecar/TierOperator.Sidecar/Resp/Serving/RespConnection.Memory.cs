using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespConnection
{
    private InFlightLease? _lease;
    private long _leasedBytes;

    // Long frames take their bytes from the budget for what is on its way, as bodies over HTTP do.
    private bool MayGrow()
    {
        var wanted = Math.Max(_neededBytes, _in.Length >= FreeBytes ? _in.Length * 2L : 0);
        if (wanted <= FreeBytes || wanted <= _leasedBytes) return true;
        if (_lease is null ? (_lease = server.Engine.TryLease(wanted)) is null : !_lease.TryGrow(wanted - _leasedBytes))
        {
            Reply.Error("OOM the budget for values on their way is used up: retry, or raise --in-flight");
            IsLeaving = true;
            Send();
            return false;
        }

        _leasedBytes = wanted;
        return true;
    }

    private void GiveBack()
    {
        _lease?.Dispose();
        (_lease, _leasedBytes) = (null, 0);
    }
}
