namespace TierOperator.Architecture;

public sealed class ProjectReferencesTests
{
    private const string Header = "<Project Sdk=\"Microsoft.NET.Sdk\"><ItemGroup><ProjectReference Include=\"";
    private const string Footer = "\" /></ItemGroup></Project>";

    // The complete list, as docs/ARCHITECTURE.md shows it.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Policy"] = [],
        ["Resp"] = [],
        ["Tiering"] = ["Policy", "Resp"],
        ["Sidecar"] = ["Tiering", "Policy", "Resp"],
        ["Kubernetes"] = [],
        ["Manager"] = ["Kubernetes", "Policy"],
    };

    [Fact]
    public void SourceProjects_ReferToNothingBeyondTheList()
    {
        var projects = ProjectReferences.ProjectsUnder("sidecar", "operator").ToList();

        var offences = projects.SelectMany(file => ProjectReferences.Offences(file, Repository.ReadText(file)!, Allowed));

        Assert.NotEmpty(projects);
        Assert.Empty(offences);
    }

    [Fact]
    public void SidecarProjects_NeverReferToOperator()
    {
        var offences = ProjectReferences.ProjectsUnder("sidecar")
            .SelectMany(file => ProjectReferences.Of(file, Repository.ReadText(file)!))
            .Where(target => target.StartsWith("operator/", StringComparison.Ordinal));

        Assert.Empty(offences);
    }

    [Fact]
    public void SourceProjects_NeverReferToTests()
    {
        var offences = ProjectReferences.ProjectsUnder("sidecar", "operator")
            .SelectMany(file => ProjectReferences.Of(file, Repository.ReadText(file)!))
            .Where(target => target.StartsWith("tests/", StringComparison.Ordinal));

        Assert.Empty(offences);
    }

    [Fact]
    public void Solution_NamesEveryProject()
    {
        var solution = Repository.ReadText("TierOperator.sln")!.Replace('\\', '/');

        var missing = ProjectReferences.ProjectsUnder("sidecar", "operator", "tests")
            .Where(file => !solution.Contains(file, StringComparison.Ordinal));

        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("sidecar/TierOperator.Policy/TierOperator.Policy.csproj", "../TierOperator.Tiering/TierOperator.Tiering.csproj", "Policy → Tiering")]
    [InlineData("sidecar/TierOperator.Sidecar/TierOperator.Sidecar.csproj", "../../operator/TierOperator.Manager/TierOperator.Manager.csproj", "Sidecar → Manager")]
    [InlineData("sidecar/TierOperator.Tiering/TierOperator.Tiering.csproj", "..\\TierOperator.Sidecar\\TierOperator.Sidecar.csproj", "Tiering → Sidecar")]
    public void Offences_ForbiddenReference_IsNamed(string project, string include, string expected)
    {
        var offences = ProjectReferences.Offences(project, Header + include + Footer, Allowed);

        Assert.Equal([expected], offences);
    }

    [Fact]
    public void Of_ReferenceIntoAnotherRoom_IsResolvedFromTheProjectsFolder()
    {
        var xml = Header + "../../operator/TierOperator.Manager/TierOperator.Manager.csproj" + Footer;

        var targets = ProjectReferences.Of("sidecar/TierOperator.Sidecar/TierOperator.Sidecar.csproj", xml);

        Assert.Equal(["operator/TierOperator.Manager/TierOperator.Manager.csproj"], targets);
    }
}
