namespace TierOperator.Manager.Names;

/// <summary>Places in a JSON document, as patches name them. Source: RFC 6901.</summary>
internal static class JsonPointer
{
    /// <summary>One step of a path, whatever stands in it.</summary>
    public static string Escape(string key) => key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>An object's annotation.</summary>
    public static string Annotation(string name) => $"/metadata/annotations/{Escape(name)}";
}
