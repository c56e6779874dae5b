using TierOperator.Policy.Reference;
using TierOperator.Policy.Tests.Golden;

namespace TierOperator.Policy.Tests.Reference;

/// <summary>What is generated from the model stands in the repository as the model says it now.</summary>
public class GeneratedPagesTests
{
    private const string TableStart = "<!-- combinations: generated, see \"For developers\" -->\n";
    private const string TableEnd = "<!-- end of combinations -->\n";

    [Fact]
    public void ReferencePage_InTheRepository_IsUpToDate() =>
        Repository.AssertGolden(Path.Combine(Repository.Root, "docs", "policy-reference.md"), ReferencePage.Write());

    [Fact]
    public void JsonSchema_InTheRepository_IsUpToDate() =>
        Repository.AssertGolden(Path.Combine(Repository.Root, "docs", "schema", "tierpolicy.schema.json"), JsonSchema.Write());

    [Fact]
    public void CombinationTable_InTheHandWrittenPage_IsUpToDate()
    {
        var path = Path.Combine(Repository.Root, "docs", "policy.md");
        var page = File.ReadAllText(path);
        var (start, end) = (page.IndexOf(TableStart, StringComparison.Ordinal), page.IndexOf(TableEnd, StringComparison.Ordinal));

        Assert.True(start >= 0 && end > start, "docs/policy.md has lost the marks of its generated table");
        Repository.AssertGolden(path, page[..(start + TableStart.Length)] + CombinationTable.Write() + page[end..]);
    }
}
