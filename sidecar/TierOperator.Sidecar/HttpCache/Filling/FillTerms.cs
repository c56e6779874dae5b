using TierOperator.Sidecar.HttpCache.Parts;
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

    /// <summary>The times of the response that is stored already. Where that is given in an error's place, the error must not take its.</summary>
    public Freshness? Standing { get; init; }

    /// <summary>Set where a range is asked for: then only a whole answer is stored as one, and a part beside it.</summary>
    public PartStore? Parts { get; init; }

    /// <summary>True where a response that is stored by now would do as well.</summary>
    public bool MayBeHere { get; init; }

    /// <summary>By which all sidecars agree on who asks the origin; null where this one asks for itself.</summary>
    public FillLease? Lease { get; init; }

    /// <summary>Called once, when nobody may join any more.</summary>
    public Action<Fill> Leave { get; init; } = _ => { };
}
