using TierOperator.Resp;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>One command over keys that nobody names (KEYS, SCAN, FLUSHALL): off the event thread, because it may read the disk.</summary>
internal sealed record SurveyCall(TierEngine Engine, RespArguments Arguments, RespWriter Reply, bool MayFlush)
{
    /// <summary>Redis' own keys; null where the policy has no Redis tier.</summary>
    public Native.NativeSurveys? Native { get; init; }

    /// <summary>Keys that it has removed, for those who track them.</summary>
    public List<byte[]> Removed { get; } = [];

    /// <summary>Everything was flushed.</summary>
    public bool HasFlushed { get; set; }
}
