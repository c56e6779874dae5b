using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>The data folder stands on one volume.</summary>
internal sealed class VolumeFormRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        const string path = "spec.tiers.spillover.volume";
        if (context.Tiers.Spillover?.Volume is not { } volume || context.IsBroken(path)) return;
        if (volume.EmptyDir is null == volume.VolumeClaimTemplate is null)
            context.ReportAtName(PolicyCodes.OneVolume, path, volume.EmptyDir is null ? "no volume is given" : "two volumes are given", "write exactly one of `emptyDir: {}` and `volumeClaimTemplate: …`");
    }
}
