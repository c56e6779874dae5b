using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Fields;

namespace TierOperator.Policy.Tests.Compiling;

/// <summary>The model's defaults are what they claim to be: forms that the reader takes, within their own bounds.</summary>
public class DefaultsTests
{
    [Fact]
    public void Fields_AllOfThem_AreDescribed() =>
        Assert.All(FieldTree.Root.SelfAndBelow(), field => Assert.False(string.IsNullOrWhiteSpace(field.Description), field.Path));

    [Fact]
    public void Fields_EveryTunable_HasADefaultOrSaysWhatItsAbsenceMeans()
    {
        // An object or list that is absent is simply not there; its description says what that means.
        var tunables = FieldTree.Root.SelfAndBelow().Where(field =>
            field.Path.StartsWith("spec.", StringComparison.Ordinal) && !field.Required && field.Property is not null
            && field.Kind is FieldKind.Integer or FieldKind.Boolean or FieldKind.Enumeration or FieldKind.Duration or FieldKind.Size or FieldKind.CountOrPercent);

        string[] choices = ["spec.retention[].after", "spec.retention[].maxBytes", "spec.retention[].maxCount", "spec.sidecar.resources.requests.memory", "spec.sidecar.resources.limits.memory"];
        Assert.Equal("", string.Join(' ', tunables.Where(field => field.Default is null && field.DefaultNote is null && !choices.Contains(field.Path)).Select(field => field.Path)));
    }

    [Fact]
    public void Defaults_WrittenOut_AreReadAsTheSamePolicy()
    {
        var short_ = Load("spec: {tiers: {memory: {}, spillover: {}, redis: {managed: {}}, postgres: {managed: {}}}}");
        var long_ = Load($$"""
            spec:
              tiers:
                memory: {{Written("spec.tiers.memory")}}
                spillover: {{Written("spec.tiers.spillover")}}
                redis: {{Written("spec.tiers.redis", "managed: " + Written("spec.tiers.redis.managed"))}}
                postgres: {{Written("spec.tiers.postgres", "managed: " + Written("spec.tiers.postgres.managed"))}}
              sync: {{Written("spec.sync")}}
              rollout: {{Written("spec.rollout")}}
              sidecar: {{Written("spec.sidecar", "ports: " + Written("spec.sidecar.ports"))}}
              defaults: {{Written("spec.defaults")}}
              deletionPolicy: Retain
            """);

        Assert.Empty(long_.Faults);
        Assert.Equal(Snapshot(short_.Document!), Snapshot(long_.Document!));
    }

    [Fact]
    public void Compile_Rule_HasTheDefaultsOfTheEngine()
    {
        var rule = Load("spec: {tiers: {memory: {}, spillover: {mode: Overflow}}, rules: [{name: a, match: {sessions: [x]}}]}").Policy!.Rules[0];

        Assert.Equal(("Through", "Memory", "Degrade", 1, "LatestWins"), ($"{rule.Write}", $"{rule.Ack}", $"{rule.OnTierFailure}", rule.PromoteAfter, $"{rule.OnConflict}"));
        Assert.Equal((null, null, null, null), (rule.DemoteAfterAge, rule.DemoteAfterCount, rule.Parent, rule.PreloadRelated));
    }

    private static string Snapshot(TierPolicyDocument document) => System.Text.Encoding.UTF8.GetString(CanonicalSnapshot.Write(EffectiveDocument.Of(document)));

    private static PolicyLoadResult Load(string spec) => PolicyLoader.Load($"apiVersion: tieroperator.io/v1alpha1\nkind: TierPolicy\nmetadata: {{name: chat}}\n{spec}");

    private static string Written(string path, string more = "") => "{" + string.Join(", ", FieldTree.Find(path)!.Children
        .Where(field => field.Default is not (null or "{}"))
        .Select(field => $"{field.Name}: {(field.Kind is FieldKind.Text or FieldKind.Enumeration ? $"\"{field.Default}\"" : field.Default)}").Append(more).Where(part => part.Length > 0)) + "}";
}
