namespace TierOperator.Architecture;

public sealed class DocumentLinksTests
{
    [Fact]
    public void Documents_LinkOnlyToWhatExists()
    {
        var broken = Repository.Files
            .Where(file => file.EndsWith(".md", StringComparison.Ordinal))
            .SelectMany(file => DocumentLinks.Broken(file, Repository.ReadText(file) ?? ""));

        Assert.Empty(broken);
    }

    [Fact]
    public void Broken_LinkToNowhere_IsNamed()
    {
        var broken = DocumentLinks.Broken("docs/page.md", "See [this](missing.md#there) and [that](../TierOperator.sln).");

        Assert.Equal(["docs/page.md → missing.md"], broken);
    }

    [Fact]
    public void In_CodeAnchorsAndForeignLinks_AreLeftOut()
    {
        const string text = "`[a](b)` [c](#d) [e](https://example.com/x)\n```\n[f](g)\n```\n[h]: i.md\n";

        Assert.Equal(["i.md"], DocumentLinks.In(text));
    }
}
