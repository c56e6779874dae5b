using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespConnection
{
    private readonly List<InFlightLease> _leases = [];
    private long _bufferLease;

    /// <summary>Room that was made for the large argument that comes next.</summary>
    private long _roomBytes;

    // Long frames take their bytes from the budget for what is on its way, as bodies over HTTP do.
    private bool MayGrow()
    {
        var wanted = Math.Max(_neededBytes, _in.Length >= FreeBytes ? _in.Length * 2L : 0);
        if (wanted <= FreeBytes || wanted <= _bufferLease) return true;
        var more = wanted - _bufferLease;
        if (!TryTakeRoom(more))
        {
            MakeRoom(more, () => _bufferLease = wanted);
            return false;
        }

        _bufferLease = wanted;
        return true;
    }

    private bool TryTakeRoom(long bytes)
    {
        if (server.Engine.TryLease(bytes) is not { } lease) return false;
        _leases.Add(lease);
        return true;
    }

    /// <summary>Has others evicted, off the event thread; the connection goes on when there is room, and ends when there can be none.</summary>
    private void MakeRoom(long bytes, Action then)
    {
        InFlightLease? lease = null;
        server.Elsewhere(this, async () => lease = await server.Engine.TryLeaseAsync(bytes, CancellationToken.None), () =>
        {
            if (IsClosed) lease?.Dispose();
            else if (lease is null) RefuseForRoom();
            else
            {
                _leases.Add(lease);
                then();
            }
        });
    }

    private void RefuseForRoom()
    {
        Reply.Error("OOM the budget for values on their way is used up: retry, or raise --in-flight");
        IsLeaving = true;
        Send();
    }

    private void GiveBack()
    {
        if (_leases.Count == 0) return;
        foreach (var lease in _leases) lease.Dispose();
        _leases.Clear();
        (_bufferLease, _roomBytes) = (0, 0);
    }
}
