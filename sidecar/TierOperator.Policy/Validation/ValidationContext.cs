using TierOperator.Policy.Compiled;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Reading;

namespace TierOperator.Policy.Validation;

/// <summary>What a validation rule sees: the document as far as it could be read, and where to report.</summary>
internal sealed class ValidationContext(TierPolicyDocument document, SourceMap places, FaultCollector faults)
{
    public TierPolicyDocument Document { get; } = document;

    /// <summary>Never null: without a spec there is an empty one, and the reader has told of it.</summary>
    public SpecDocument Spec { get; } = document.Spec ?? new SpecDocument();

    /// <summary>The same with the model's defaults, for rules over what was not written.</summary>
    public SpecDocument Effective { get; } = EffectiveDocument.Of(document).Spec ?? new SpecDocument();

    public TiersDocument Tiers => Spec.Tiers ?? new TiersDocument();

    public TierSet Declared { get; } = RuleDefaults.Declared(document.Spec?.Tiers);

    /// <summary>True where the tiers could be read, so that what is missing among them is missing indeed.</summary>
    public bool TiersAreKnown { get; } = document.Spec?.Tiers is not null && !faults.IsBroken("spec.tiers");

    /// <summary>The rules with their paths.</summary>
    public IEnumerable<(RuleDocument Rule, string Path)> Rules => Numbered(Spec.Rules, "spec.rules");

    /// <summary>The entries of a list with their paths.</summary>
    public static IEnumerable<(T Item, string Path)> Numbered<T>(IReadOnlyList<T>? items, string path) =>
        (items ?? []).Select((item, index) => (item, $"{path}[{index}]"));

    /// <summary>Reports at the value of the path, or at the nearest field above it that is written.</summary>
    public void Report(string code, string path, string message, string help) =>
        faults.Add(code, path, places.ValueAt(path), message, help);

    /// <summary>Reports at the name of the path's field, for what is wrong with a whole object.</summary>
    public void ReportAtName(string code, string path, string message, string help) =>
        faults.Add(code, path, places.NameAt(path), message, help);

    /// <summary>True when the reader has told of a fault at the path or below it.</summary>
    public bool IsBroken(string path) => faults.IsBroken(path);
}
