namespace TierOperator.Policy.Reading;

/// <summary>The bounds that keep any input from costing more than a moment.</summary>
internal static class ReadLimits
{
    /// <summary>The largest document, in bytes of UTF-8. A ConfigMap cannot hold more.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>The deepest nesting; the model itself needs 9.</summary>
    public const int MostDepth = 32;

    /// <summary>The most values, an alias counting as all that it stands for.</summary>
    public const int MostNodes = 50_000;
}
