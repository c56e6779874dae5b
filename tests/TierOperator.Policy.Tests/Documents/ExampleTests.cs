using TierOperator.Policy.Tests.Golden;

namespace TierOperator.Policy.Tests.Documents;

public class ExampleTests
{
    public static TheoryData<string> Examples =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "examples"), "policy.yaml", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Repository.Root, path))];

    [Theory, MemberData(nameof(Examples))]
    public void Load_Example_HasNoFaults(string path)
    {
        var result = PolicyLoader.Load(File.ReadAllBytes(Path.Combine(Repository.Root, path)), path);

        Assert.Empty(result.Faults);
        Assert.NotNull(result.Policy);
    }
}
