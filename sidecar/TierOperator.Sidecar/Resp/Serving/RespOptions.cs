namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>What the Redis listener allows. Sizes in bytes.</summary>
internal sealed record RespOptions
{
    public int MaxClients { get; init; } = 10_000;

    /// <summary>The largest argument: <c>proto-max-bulk-len</c>.</summary>
    public int MaxBulkBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>What a subscriber may be behind: Redis' hard limit for pub/sub clients.</summary>
    public long MostPushedBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>What commands that wait for EXEC may take, per client.</summary>
    public long MostQueuedBytes { get; init; } = 64 * 1024 * 1024;
}
