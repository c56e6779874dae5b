using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Plugin;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Plugin;

/// <summary>What the plugin learns from the sidecars themselves.</summary>
public sealed class SidecarInPodTests : IDisposable
{
    private static readonly ObjectKey s_pod = new("shop", "chat-a");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("plugin-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Top_SidecarsOfANamespace_AreListedTheFullestFirst()
    {
        await using var manager = await RunningManager.StartAsync(await RunningManager.StartServerAsync());
        await using var sidecar = await FakeSidecar.StartAsync();
        sidecar.Revision = "0123456789abcdef";
        manager.PutPod("chat-a", sidecar);
        manager.PutPod("chat-gone", sidecar);
        var gone = (JsonObject)manager.Server.Find(ResourceTypes.Pods, new ObjectKey("shop", "chat-gone"))!.DeepClone();
        gone["status"]!["podIP"] = "127.0.0.2";
        gone["spec"]!["containers"]![1]!["ports"]![0]!["containerPort"] = 1;
        manager.Server.Put(ResourceTypes.Pods, gone);
        manager.PutPod("chat-without", null);
        using var client = new KubeClient(manager.Server.Connection);
        var output = new StringWriter();

        var code = await new TopReport(client, output).WriteAsync("shop", TestContext.Current.CancellationToken);

        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(0, code);
        Assert.Equal(3, lines.Length);
        Assert.Matches("^chat-a +chat +0123456789ab +0.0Mi +- +0.75  Healthy$", lines[1]);
        Assert.Matches("^chat-gone .*does not answer$", lines[2]);
    }

    [Fact]
    public async Task Exec_PodWithASidecar_RunsItsCommandLineThere()
    {
        await using var server = await RunningManager.StartServerAsync();
        PutPod(server, """[{"name": "app"}, {"name": "tier", "env": [{"name": "TIER_API_PORT", "value": "7999"}]}]""");
        using var client = new KubeClient(server.Connection);
        var (kubectl, log) = (Path.Combine(_folder.FullName, "kubectl"), Path.Combine(_folder.FullName, "log"));
        await File.WriteAllTextAsync(kubectl, $"#!/bin/sh\nprintf '%s\\n' \"$@\" > {log}\nexit 7\n", TestContext.Current.CancellationToken);
        await ScriptProcess.RunAsync("chmod", ["+x", kubectl]);

        var code = await new SidecarExec(client, TextWriter.Null, kubectl, "desk").RunAsync(s_pod, ["storage", "explain", "chat:1; rm -rf /"], TestContext.Current.CancellationToken);

        Assert.Equal(7, code);
        Assert.Equal(
            ["--context", "desk", "exec", "--namespace", "shop", "chat-a", "--container", "tier", "--", "/app/tier", "storage", "explain", "chat:1; rm -rf /", "--url", "http://127.0.0.1:7999"],
            await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(null, 1, "there is no pod chat-a in shop")]
    [InlineData("""[{"name": "app"}]""", 1, "has no sidecar")]
    [InlineData("""[{"name": "tier"}]""", 2, "name it in KUBECTL")]
    public async Task Exec_ThatCannotBe_SaysWhy(string? containers, int code, string says)
    {
        await using var server = await RunningManager.StartServerAsync();
        if (containers is not null) PutPod(server, containers);
        using var client = new KubeClient(server.Connection);
        var error = new StringWriter();

        var got = await new SidecarExec(client, error, Path.Combine(_folder.FullName, "no-kubectl"), null).RunAsync(s_pod, ["storage", "status"], TestContext.Current.CancellationToken);

        Assert.Equal(code, got);
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
    }

    private static void PutPod(TierOperator.Kubernetes.TestKit.FakeApiServer server, string containers) => server.Put(ResourceTypes.Pods, new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = s_pod.Name, ["namespace"] = s_pod.Namespace },
        ["spec"] = new JsonObject { ["containers"] = JsonNode.Parse(containers) },
    });
}
