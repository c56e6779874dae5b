using System.CommandLine;
using System.Text.Json;
using TierOperator.Sidecar.Commands.Policy;

namespace TierOperator.Sidecar.Tests.Commands.Policy;

public sealed class PolicyCommandTests : IDisposable
{
    private const string Good = """
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: chat}
        spec:
          tiers: {memory: {ttl: 1h}, spillover: {}}
          rules:
            - {name: evaluations, match: {sessions: ["eval:*"]}}
            - {name: live, match: {sessions: ["chat:*"], where: [{field: status, operator: In, values: [active]}]}}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tier-policy-");
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _output.Dispose();
        _error.Dispose();
    }

    [Fact]
    public void Lint_GoodPolicy_IsZeroAlsoWithWarnings()
    {
        Assert.Equal(0, Run("lint", Write("good.yaml", Good)));

        Assert.Contains("warning[TP1001]", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains(": ok, revision ", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Lint_FaultyPolicy_ShowsThePlaceUnderACaretWithoutColour()
    {
        var file = Write("bad.yaml", Good.Replace("memory: {ttl", "memory: {tll", StringComparison.Ordinal));

        Assert.Equal(1, Run("lint", file));

        Assert.StartsWith($"""
            error[TP0010]: `tll` is no field of `spec.tiers.memory`
              --> {file}:5:20 (spec.tiers.memory.tll)
              |
            5 |   tiers: {"{"}memory: {"{"}tll: 1h{"}"}, spillover: {"{}}"}
              |                    ^^^
              = help: did you mean `ttl`?
            """.ReplaceLineEndings("\n"), _output.ToString().ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', _output.ToString());
    }

    [Fact]
    public void Lint_ControlCharactersInTheFile_DoNotReachTheTerminal()
    {
        Run("lint", Write("bad.yaml", Good.Replace("chat}", "\"\\e[31m\"}", StringComparison.Ordinal).Replace("[active]", "[active] #\u009b31m", StringComparison.Ordinal)));

        Assert.DoesNotContain(_output.ToString(), character => char.IsControl(character) && character is not ('\n' or '\r'));
    }

    [Fact]
    public void Lint_FileOfTwoMegabytes_IsToldTheLimitAndNoOtherSize()
    {
        Assert.Equal(1, Run("lint", Write("large.yaml", Good + new string('#', 2_000_000)), "--output", "json"));

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal("the document is larger than 1 MiB", json.RootElement.GetProperty("files")[0].GetProperty("faults")[0].GetProperty("message").GetString());
    }

    [Fact]
    public void Lint_SomeUnreadable_IsTwoAndStillTellsOfTheOthers()
    {
        Assert.Equal(2, Run("lint", Path.Combine(_folder.FullName, "none.yaml"), _folder.FullName, Write("bad.yaml", ""), "--output", "json"));

        using var json = JsonDocument.Parse(_output.ToString());
        var file = Assert.Single(json.RootElement.GetProperty("files").EnumerateArray());
        Assert.Equal("TP0001", file.GetProperty("faults")[0].GetProperty("code").GetString());
        Assert.False(file.GetProperty("valid").GetBoolean());
        Assert.Equal(2, _error.ToString().Split("cannot read").Length - 1);
    }

    [Theory]
    [InlineData("chat:1", "status=active", "live")]
    [InlineData("chat:1", "status=gone", "default")]
    [InlineData("eval:1", "status=active", "evaluations")]
    public void Explain_Session_NamesTheRuleAndWhyNotTheEarlierOnes(string session, string field, string rule)
    {
        Assert.Equal(0, Run("explain", Write("good.yaml", Good), "--session", session, "--item", "x", "--field", field, "--output", "json"));

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.Equal(rule, json.RootElement.GetProperty("rule").GetString());
        Assert.Equal("Disk", json.RootElement.GetProperty("ack").GetString());
        Assert.Equal("7d", json.RootElement.GetProperty("deadline").GetString());
        Assert.Equal(3, json.RootElement.GetProperty("reasons").GetArrayLength());
    }

    [Fact]
    public void Explain_ForPeople_TellsTiersAndReasons()
    {
        Run("explain", Write("good.yaml", Good), "--session", "chat:1");

        Assert.Contains("session chat:1: rule default", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("memory (1h), spillover (7d)", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("`status` is not there, and the rule asks for In active", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_FaultyPolicyOrNoFile_IsOneOrTwo()
    {
        Assert.Equal(1, Run("explain", Write("bad.yaml", "{}"), "--session", "a"));
        Assert.Equal(2, Run("explain", "/nowhere.yaml", "--session", "a"));
        Assert.Contains("TP0012", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_FieldWithoutValue_IsTold()
    {
        Assert.NotEqual(0, Run("explain", Write("good.yaml", Good), "--session", "a", "--field", "status"));

        Assert.Contains("name=value", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_TwoPolicies_IsZeroOneOrTwo()
    {
        var (old, same) = (Write("a.yaml", Good), Write("b.yaml", "# other\n" + Good.Replace("1h", "60m", StringComparison.Ordinal)));
        var other = Write("c.yaml", Good.Replace("memory: {ttl: 1h}", "memory: {ttl: 1h, capacity: 1Gi}", StringComparison.Ordinal));

        Assert.Equal(0, Run("diff", old, same));
        Assert.Equal(1, Run("diff", old, other));
        Assert.Equal(2, Run("diff", old, Write("d.yaml", "{}")));
        Assert.Equal(2, Run("diff", old, "/nowhere.yaml"));
        Assert.Contains("spec.tiers.memory.capacity  256Mi  1Gi  RestartBound", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("1 change: 0 live, 1 with new pods", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_AsJson_HasEachChange()
    {
        Run("diff", Write("a.yaml", Good), Write("b.yaml", Good.Replace("ttl: 1h", "ttl: 2h", StringComparison.Ordinal)), "--output", "json");

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.False(json.RootElement.GetProperty("restart").GetBoolean());
        Assert.Equal("spec.tiers.memory.ttl", json.RootElement.GetProperty("changes")[0].GetProperty("path").GetString());
        Assert.Equal("2h", json.RootElement.GetProperty("changes")[0].GetProperty("new").GetString());
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private int Run(params string[] args) =>
        PolicyCommand.Create().Parse(args).Invoke(new InvocationConfiguration { Output = _output, Error = _error });
}
