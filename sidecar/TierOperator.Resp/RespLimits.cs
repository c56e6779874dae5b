namespace TierOperator.Resp;

/// <summary>What a peer may send before it is taken for broken or hostile. Sizes in bytes.</summary>
public sealed record RespLimits
{
    /// <summary>Aggregates within aggregates.</summary>
    public int MaxDepth { get; init; } = 32;

    /// <summary>A line: a simple string, an error, a number, the head of a bulk string or an aggregate.</summary>
    public int MaxLineBytes { get; init; } = 64 * 1024;

    /// <summary>One bulk string. 512 MiB is Redis' own <c>proto-max-bulk-len</c>.</summary>
    public int MaxBulkBytes { get; init; } = 512 * 1024 * 1024;

    /// <summary>A whole frame, which has to fit into one buffer.</summary>
    public int MaxFrameBytes { get; init; } = 1024 * 1024 * 1024;
}
