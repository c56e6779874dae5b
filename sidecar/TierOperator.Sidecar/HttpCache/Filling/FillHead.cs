using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Tiering;

namespace TierOperator.Sidecar.HttpCache.Filling;

internal enum FillKind
{
    /// <summary>An answer that all who wait for it may have.</summary>
    Shared,

    /// <summary>An answer for the one that asked for it; the others ask for themselves.</summary>
    Alone,

    /// <summary>The stored response is good; its head is renewed.</summary>
    NotModified,

    /// <summary>Another sidecar has asked; its answer is in the store.</summary>
    Elsewhere,

    /// <summary>No answer came.</summary>
    Failed,
}

/// <summary>How an answer begins.</summary>
internal sealed record FillHead(FillKind Kind)
{
    private static readonly HeaderDictionary s_none = new() { IsReadOnly = true };

    public OriginFault Fault { get; init; }
    public int Status { get; init; }
    public IHeaderDictionary Headers { get; init; } = s_none;

    /// <summary>For Shared and NotModified: the head as it is stored and sent.</summary>
    public StoredResponse? Stored { get; init; }

    /// <summary>Fields that only the client that began the fill gets: those of a qualified no-cache or private.</summary>
    public IReadOnlyList<string> OwnFields { get; init; } = [];

    /// <summary>By which fields of the request the answer varies.</summary>
    public string[] VaryFields { get; init; } = [];

    /// <summary>For NotModified: the stored response that the origin was asked about.</summary>
    public ItemVersion Validated { get; init; }

    /// <summary>For NotModified: whether it is fresh again. Where the new fields forbid that, it is given once more and forgotten.</summary>
    public bool IsRenewed { get; init; }

    /// <summary>
    /// False where each must ask for itself: the answer is one client's, or must be validated each time, so that it may only be given to the one
    /// that asked for it. Source: RFC 9111, 4.
    /// </summary>
    public bool IsForMany => Kind != FillKind.Alone
        && Stored?.Freshness is not ({ AlwaysValidate: true } or { LifetimeMs: <= 0, StaleWhileRevalidateMs: <= 0 });
}
