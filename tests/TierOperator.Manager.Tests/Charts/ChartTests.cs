using System.Text.Json.Nodes;
using TierOperator.Manager.Hosting;
using TierOperator.Manager.Tests.TestSupport;
using TierOperator.Manager.Webhooks;

namespace TierOperator.Manager.Tests.Charts;

public sealed class ChartTests
{
    private const string Everything = "serviceMonitor.enabled=true,prometheusRule.enabled=true,grafanaDashboard.enabled=true";
    private static readonly string s_charts = Path.Combine(Golden.Root, "charts");

    public ChartTests() => Assert.SkipWhen(Helm.Executable is null, Helm.SkipReason);

    [Theory]
    [InlineData("tier-operator")]
    [InlineData("tier-operator-crds")]
    public async Task Lint_Chart_FindsNothing(string chart)
    {
        var said = await Helm.RunAsync("lint", "--strict", Path.Combine(s_charts, chart));

        Assert.Contains("0 chart(s) failed", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replicas=0")]
    [InlineData("replica=2")]
    [InlineData("image.pullPolicy=Sometimes")]
    public async Task Template_WrongValue_IsRefusedByTheSchema(string value)
    {
        await using var helm = ScriptProcess.Start(Helm.Executable!, ["template", "tier", Path.Combine(s_charts, "tier-operator"), "--set", value]);

        Assert.NotEqual(0, (await helm.EndAsync()).Code);
    }

    [Fact]
    public async Task Template_EverythingOn_RendersEachKindOnce()
    {
        var kinds = (await RenderAsync()).Select(item => $"{item["kind"]}/{item["metadata"]!["name"]}").ToList();

        Assert.Equal(kinds.Count, kinds.Distinct().Count());
        foreach (var kind in (string[])["ServiceMonitor", "PrometheusRule", "NetworkPolicy", "PodDisruptionBudget", "Deployment", "MutatingWebhookConfiguration"])
            Assert.Contains(kinds, item => item.StartsWith(kind + "/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Template_Webhooks_AreTheOnesThatTheManagerMakesByUrl()
    {
        var options = new ManagerOptions { Namespace = "tier-system", Identity = "x", SidecarImage = "x", WebhookConfiguration = "tier" };
        var byUrl = WebhookConfigurations.Mutating(options, new Uri("https://127.0.0.1:1/"), "");
        var rendered = (await RenderAsync()).Single(item => item["kind"]!.GetValue<string>() == "MutatingWebhookConfiguration");

        Assert.Equal(WithoutAddress(byUrl), WithoutAddress(rendered));
        Assert.DoesNotContain("caBundle", rendered.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Template_Pods_RunUnderTheRestrictedLevelAndTwice()
    {
        var deployment = (await RenderAsync()).Single(item => item["kind"]!.GetValue<string>() == "Deployment");
        var pod = deployment["spec"]!["template"]!["spec"]!;
        var container = pod["containers"]![0]!["securityContext"]!;

        Assert.Equal(2, deployment["spec"]!["replicas"]!.GetValue<long>());
        Assert.True(pod["securityContext"]!["runAsNonRoot"]!.GetValue<bool>());
        Assert.Equal("RuntimeDefault", pod["securityContext"]!["seccompProfile"]!["type"]!.GetValue<string>());
        Assert.False(container["allowPrivilegeEscalation"]!.GetValue<bool>());
        Assert.True(container["readOnlyRootFilesystem"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Template_Alerts_EachHaveARunbookLine()
    {
        var rule = (await RenderAsync()).Single(item => item["kind"]!.GetValue<string>() == "PrometheusRule");
        var alerts = (JsonArray)rule["spec"]!["groups"]![0]!["rules"]!;

        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.NotEmpty(alert!["annotations"]!["runbook"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Template_Roles_AskForNothingByWildcard()
    {
        var roles = (await RenderAsync()).Where(item => item["kind"]!.GetValue<string>() is "ClusterRole" or "Role").ToList();

        Assert.NotEmpty(roles);
        Assert.All(roles, role => Assert.DoesNotContain("*", role["rules"]!.ToJsonString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Template_CrdChart_KeepsTheKindAndIsTheGeneratedOne()
    {
        var generated = await File.ReadAllTextAsync(Path.Combine(Golden.Root, "crds", "tierpolicies.yaml"));
        var rendered = Golden.YamlStreamOf(await Helm.RunAsync("template", "crds", Path.Combine(s_charts, "tier-operator-crds"))).Single();

        Assert.Equal(generated, await File.ReadAllTextAsync(Path.Combine(s_charts, "tier-operator-crds", "files", "tierpolicies.yaml")));
        Assert.Equal("keep", rendered["metadata"]!["annotations"]!["helm.sh/resource-policy"]!.GetValue<string>());
    }

    private static async Task<IReadOnlyList<JsonNode>> RenderAsync() =>
        [.. Golden.YamlStreamOf(await Helm.RunAsync("template", "tier", Path.Combine(s_charts, "tier-operator"), "-n", "tier-system", "--set", Everything)).OfType<JsonObject>()];

    private static string WithoutAddress(JsonNode configuration)
    {
        var webhooks = ((JsonArray)configuration["webhooks"]!.DeepClone()).Select(webhook => (JsonObject)webhook!).OrderBy(webhook => webhook["name"]!.GetValue<string>(), StringComparer.Ordinal);
        return string.Join("\n", webhooks.Select(webhook =>
        {
            webhook.Remove("clientConfig");
            return string.Join(",", webhook.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"{field.Key}={field.Value!.ToJsonString()}"));
        }));
    }
}
