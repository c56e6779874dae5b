using System.Text;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Tests.Golden;

namespace TierOperator.Policy.Tests.Documents;

/// <summary>
/// One set of good and bad documents, each with what is expected beside it. Whatever else checks policies is driven
/// through the same set.
/// </summary>
public class DocumentTests
{
    public static TheoryData<string> Good => Named("good");

    public static TheoryData<string> Bad => Named("bad");

    [Theory, MemberData(nameof(Good))]
    public void Load_GoodDocument_HasNoFaultsAndTheExpectedWarnings(string name)
    {
        var (path, result) = Load("good", name);

        Assert.Empty(result.Faults);
        Assert.NotNull(result.Policy);
        Repository.AssertGolden(path + ".expected", Report(result.Warnings) + "---\n" + Rules(result));
    }

    [Theory, MemberData(nameof(Bad))]
    public void Load_BadDocument_HasTheExpectedFaults(string name)
    {
        var (path, result) = Load("bad", name);

        Assert.Null(result.Policy);
        Assert.NotEmpty(result.Faults);
        Repository.AssertGolden(path + ".expected", Report(result.Faults));
    }

    [Fact]
    public void Codes_AllOfThem_AreGivenBySomeDocument()
    {
        string[] byBytes = [PolicyCodes.TooLarge, PolicyCodes.NotText];
        var given = Directory.GetFiles(Repository.Documents, "*.yaml", SearchOption.AllDirectories)
            .Select(file => PolicyLoader.Load(File.ReadAllBytes(file)))
            .SelectMany(result => result.Faults.Concat(result.Warnings))
            .Select(fault => fault.Code).Concat(byBytes).ToHashSet();

        var missing = string.Join(' ', PolicyCodes.All.Select(code => code.Code).Except(given));
        Assert.Equal("", missing);
    }

    [Fact]
    public void Codes_AllOfThem_AreUnique() =>
        Assert.Equal(PolicyCodes.All.Count, PolicyCodes.All.Select(code => code.Code).Distinct().Count());

    [Fact]
    public void Load_MoreThanAMebibyte_IsRefusedUnread()
    {
        var result = PolicyLoader.Load(Encoding.UTF8.GetBytes("# " + new string('x', 1 << 20)));

        Assert.Equal(PolicyCodes.TooLarge, Assert.Single(result.Faults).Code);
    }

    [Fact]
    public void Load_BytesThatAreNotUtf8_NamesTheFirst()
    {
        var fault = Assert.Single(PolicyLoader.Load([.. "a: b\nc: "u8, 0xFF]).Faults);

        Assert.Equal((PolicyCodes.NotText, 2, 4), (fault.Code, fault.Line, fault.Column));
    }

    private static (string Path, PolicyLoadResult Result) Load(string folder, string name)
    {
        var path = Path.Combine(Repository.Documents, folder, name + ".yaml");
        return (Path.ChangeExtension(path, null), PolicyLoader.Load(File.ReadAllBytes(path), path));
    }

    private static TheoryData<string> Named(string folder) =>
        [.. Directory.GetFiles(Path.Combine(Repository.Documents, folder), "*.yaml").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal).OfType<string>()];

    private static string Report(IEnumerable<PolicyFault> faults) =>
        string.Concat(faults.Select(fault => $"{fault.Code} {fault.Line}:{fault.Column} {(fault.Path.Length == 0 ? "-" : fault.Path)}\n    {fault.Message}\n    {fault.Help}\n"));

    private static string Rules(PolicyLoadResult result) =>
        string.Concat(result.Policy!.Rules.Select(rule => $"{rule.Name}: {rule.Tiers}; {rule.Write}, ack {rule.Ack}, {rule.OnTierFailure}; deadline {rule.Deadline}; strategy {rule.Strategy}\n"));
}
