namespace TierOperator.Resp;

/// <summary>What a client may send. Sizes in bytes; the defaults are Redis 7.0's own.</summary>
public sealed record RespCommandLimits
{
    /// <summary>One argument: <c>proto-max-bulk-len</c>.</summary>
    public int MaxBulkBytes { get; init; } = 512 * 1024 * 1024;

    /// <summary>Arguments of one command.</summary>
    public int MaxArguments { get; init; } = int.MaxValue;

    /// <summary>An inline command, and each line that holds a length.</summary>
    public int MaxInlineBytes { get; init; } = 64 * 1024;

    /// <summary>From this size on an argument is handed over as <see cref="RespCommandStatus.Large"/>, to be streamed.</summary>
    public int LargeFrom { get; init; } = int.MaxValue;
}
