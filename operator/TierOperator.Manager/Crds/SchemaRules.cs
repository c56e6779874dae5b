namespace TierOperator.Manager.Crds;

/// <summary>All rules of the schema.</summary>
internal static class SchemaRules
{
    private static readonly ILookup<string, SchemaRule> ByPath =
        TierRules.All.Concat(SpecRules.All).Concat(WriteRules.All).Concat(RouteRules.All).ToLookup(rule => rule.Path);

    public static IEnumerable<SchemaRule> At(string path) => ByPath[path];

    public static IEnumerable<string> Paths => ByPath.Select(group => group.Key);
}
