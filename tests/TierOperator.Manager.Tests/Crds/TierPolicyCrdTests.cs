using TierOperator.Policy.Fields;

namespace TierOperator.Manager.Crds;

public sealed class TierPolicyCrdTests
{
    [Fact]
    public void Write_Definition_IsWhatStandsInTheRepository()
    {
        var path = Path.Combine(PolicyDocuments.Repository(), "crds", "tierpolicies.yaml");

        var written = File.ReadAllText(path);

        Assert.True(written == TierPolicyCrd.Write(), "crds/tierpolicies.yaml is stale: run `make crds`");
    }

    [Fact]
    public void Rules_EachOfThem_StandsAtAFieldOfTheModel()
    {
        var missing = SchemaRules.Paths.Where(path => FieldTree.Find(path) is null);

        Assert.Empty(missing);
    }

    [Fact]
    public void Write_EveryField_SaysWhatAChangeCosts()
    {
        var silent = FieldTree.Find("spec")!.SelfAndBelow().Where(field => field.Description.Length == 0 || !Describes(field)).Select(field => field.Path);

        Assert.Empty(silent);
    }

    private static bool Describes(FieldDescription field) =>
        CrdSchema.Of(field)["description"]!.GetValue<string>().EndsWith($"({field.Effect})", StringComparison.Ordinal);
}
