using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar.Tests.Running;

/// <summary>A sidecar in this process: the real Kestrel on free ports, the real engine in a folder of its own.</summary>
internal sealed class RunningSidecar : IAsyncDisposable
{
    private readonly TempFolder _folder;

    private RunningSidecar(TempFolder folder, SidecarHost host, string policyPath)
    {
        (_folder, Host, PolicyPath) = (folder, host, policyPath);
        Http = new HttpClient { BaseAddress = host.Api };
        Admin = new HttpClient { BaseAddress = host.Admin };
    }

    public SidecarHost Host { get; }
    public string PolicyPath { get; }
    public HttpClient Http { get; }
    public HttpClient Admin { get; }

    public static Task<RunningSidecar> StartAsync(string policy = Policies.MemoryAndDisk, params string[] flags)
        => StartAsync(policy, TimeProvider.System, flags);

    public static async Task<RunningSidecar> StartAsync(string policy, TimeProvider time, params string[] flags)
    {
        var folder = new TempFolder();
        var path = folder.Write("policy.yaml", policy);
        var content = await File.ReadAllBytesAsync(path);
        var loaded = PolicyFile.Load(path, content);
        var given = Parse(["--data", folder.File("data"), "--api-port", "0", "--admin-port", "0", "--resp-port", "0", .. flags]);
        var options = RunOptions.Read(path, loaded, setting => given.GetValueOrDefault(setting.Flag, []), _ => null);
        var host = await SidecarHost.StartAsync(options, loaded, content, time, NullLoggerFactory.Instance);
        return new RunningSidecar(folder, host, path);
    }

    public Task<HttpResponseMessage> PutAsync(string path, string body, string type = "text/plain", params (string Name, string Value)[] headers)
        => SendAsync(HttpMethod.Put, path, new StringContent(body, Encoding.UTF8, type), headers);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Sends bytes as they are and reads until the server closes.</summary>
    public Task<string> RawAsync(string request) => RawSocket.TalkAsync(new IPEndPoint(IPAddress.Loopback, Host.Api.Port), request);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Admin.Dispose();
        await Host.DisposeAsync();
        _folder.Dispose();
    }

    private static Dictionary<string, IReadOnlyList<string>> Parse(string[] flags)
        => flags.Chunk(2).GroupBy(pair => pair[0]).ToDictionary(
            group => group.Key, group => (IReadOnlyList<string>)[.. group.Select(pair => pair[1])], StringComparer.Ordinal);
}
