using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>For whom and for what a fill runs.</summary>
internal sealed record FillTerms(byte[] Primary, RequestDirectives Directives)
{
    public bool HasAuthorization { get; init; }

    /// <summary>False where the answer is for its client alone, whatever it says.</summary>
    public bool MayShare { get; init; } = true;

    /// <summary>The stored response that the origin is asked about; the fill disposes it.</summary>
    public FoundResponse? Validating { get; init; }

    /// <summary>Called once, when nobody may join any more.</summary>
    public Action<Fill> Leave { get; init; } = _ => { };
}

/// <summary>What the proxy notes of an answer for the cache.</summary>
internal static class OriginMarks
{
    /// <summary>Its end is the connection's end, which a cut looks like as well.</summary>
    public static readonly object EndsWithConnection = new();
}
