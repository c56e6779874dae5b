using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Examples;

public sealed class ExampleTests
{
    private static readonly string s_folder = Path.Combine(Golden.Root, "examples");

    public static TheoryData<string> Policies =>
        [.. Directory.EnumerateFiles(s_folder, "polic*.yaml", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(s_folder, path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Policy_OfAnExample_HasNoFaults(string path)
    {
        var policies = Golden.YamlStreamOf(File.ReadAllText(Path.Combine(s_folder, path))).Select(node => PolicyObject.Read(node)).ToList();

        Assert.NotEmpty(policies);
        Assert.All(policies, policy => Assert.Empty(policy.Loaded.Faults));
    }

    [Fact]
    public void Pods_OfExamples_AskForAPolicyThatSelectsThem()
    {
        var (_, policy) = Read("chat-external/policy.yaml");
        var pod = Golden.YamlStreamOf(File.ReadAllText(Path.Combine(s_folder, "chat-external/app.yaml"))).Last()["spec"]!["template"]!;
        var labels = pod["metadata"]!["labels"]!.AsObject().ToDictionary(label => label.Key, label => label.Value!.GetValue<string>());

        Assert.Same(policy, PolicyChoice.Of(labels, null, [policy]).Winner);
    }

    [Fact]
    public void Folder_OfEachExample_HasAPageThatSaysWhatOneSees()
    {
        var without = Directory.EnumerateDirectories(s_folder).Where(folder => !File.Exists(Path.Combine(folder, "README.md"))).Select(Path.GetFileName);

        Assert.Empty(without);
    }

    private static (string Path, PolicyObject Policy) Read(string path) => (path, PolicyObject.Read(Golden.Yaml(File.ReadAllText(Path.Combine(s_folder, path)))));
}
