using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>The document says what it is, and is not newer than this program.</summary>
internal sealed class IdentityRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        var document = context.Document;
        if (document.ApiVersion is { } version && version != TierPolicyDocument.Version)
            context.Report(PolicyCodes.BadApiVersion, "apiVersion", "this apiVersion is not known", $"write {TierPolicyDocument.Version}");
        if (document.Kind is { } kind && kind != TierPolicyDocument.KindName)
            context.Report(PolicyCodes.BadKind, "kind", "this is not a TierPolicy", $"write `kind: {TierPolicyDocument.KindName}`");
        if (document.SchemaVersion > TierPolicyDocument.NewestSchema)
            context.Report(PolicyCodes.NewerSchema, "schemaVersion", $"the snapshot has schema {document.SchemaVersion}, this program reads up to {TierPolicyDocument.NewestSchema}", "run the newer version of the sidecar");
    }
}
