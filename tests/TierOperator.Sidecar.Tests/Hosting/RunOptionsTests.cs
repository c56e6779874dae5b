using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using TierOperator.Policy;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Hosting;

public sealed partial class RunOptionsTests
{
    private const string WithPorts = Policies.MemoryOnly + "\n  sidecar: {ports: {api: 1111, admin: 2222}, logLevel: Warning}";
    private readonly Dictionary<string, string> _flags = [];
    private readonly Dictionary<string, string> _variables = [];

    [Fact]
    public void Read_Nothing_GivesTheDefaults()
    {
        var options = Read(Policies.MemoryOnly);

        Assert.Equal(("127.0.0.1:7070", "127.0.0.1:7071"), (options.Api.ToString(), options.Admin.ToString()));
        Assert.Equal(64 * 1024 * 1024, options.Connections.MaxBodyBytes);
        Assert.Equal(TimeSpan.FromSeconds(25), options.Grace);
    }

    [Fact]
    public void Read_Precedence_IsFlagThenVariableThenPolicyThenDefault()
    {
        Assert.Equal((1111, 2222), Ports(Read(WithPorts)));
        Assert.Equal(LogLevel.Warning, Read(WithPorts).LogLevel);

        _variables["TIER_API_PORT"] = "3333";
        Assert.Equal((3333, 2222), Ports(Read(WithPorts)));

        _flags["--api-port"] = "4444";
        Assert.Equal((4444, 2222), Ports(Read(WithPorts)));
    }

    [Fact]
    public void Read_BadValues_AreAllToldWithWhereTheyCameFrom()
    {
        _flags["--api-port"] = "70000";
        _variables["TIER_ADMIN_PORT"] = "x";
        _flags["--max-body"] = "big";
        _flags["--grace"] = "0s";
        _flags["--log-format"] = "xml";

        var fault = Assert.Throws<StartFault>(() => Read(Policies.MemoryOnly));

        Assert.Equal(ExitCode.Usage, fault.ExitCode);
        Assert.Equal(5, fault.Message.Split('\n').Length);
        Assert.Contains("--api-port is \"70000\"", fault.Message, StringComparison.Ordinal);
        Assert.Contains("TIER_ADMIN_PORT is \"x\"", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_AndTheirPage_ListTheSame()
    {
        var page = await File.ReadAllTextAsync(Repository.PathOf("docs/configuration.md"));

        var documented = Row().Matches(page).Select(row => (row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value)).Order();

        Assert.Equal(Settings.All.Select(setting => (setting.Flag, setting.Variable, setting.Default ?? "none")).Order(), documented);
    }

    private static (int Api, int Admin) Ports(RunOptions options) => (options.Api.Port, options.Admin.Port);

    private RunOptions Read(string policy) => RunOptions.Read(
        "p.yaml", LoadedPolicy.From(PolicyLoader.Load(policy)),
        setting => _flags.TryGetValue(setting.Flag, out var value) ? [value] : [], name => _variables.GetValueOrDefault(name));

    [GeneratedRegex(@"^\| `(--[\w-]+)` \| `(TIER_\w+)` \| `?([^|`]+?)`? \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
