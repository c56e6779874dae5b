using TierOperator.Manager.Desired;
using TierOperator.Manager.Desired.Redis;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Processes;

/// <summary>Real Redis servers and Sentinels on the loopback, started by the very scripts and files that the pods get.</summary>
internal sealed class RedisNodes : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("tier-redis-").FullName;
    private readonly List<ScriptProcess> _processes = [];
    private readonly (string, string)[] _shared;

    public RedisNodes(PolicyObject policy, params (string, string)[] shared)
    {
        _shared = shared;
        Plan = new RedisPlan(policy, policy.Spec.Tiers!.Redis!.Managed!, new BackendSettings());
        foreach (var (file, text) in RedisObjects.For(Plan).First()["data"]!.AsObject()) Write($"config/{file}", text!.GetValue<string>());
        Write("secret/password", "pass-1234");
    }

    public RedisPlan Plan { get; }

    public string Config => Path.Combine(_root, "config");

    public string SecretFile(string name, string text) => Write($"secret/{name}", text);

    public ScriptProcess Start(string script, int port, params (string, string)[] environment)
    {
        var data = Path.Combine(_root, $"data-{port}");
        Directory.CreateDirectory(data);
        var process = ScriptProcess.Start("sh", [Path.Combine(Config, script)], Environment(data, port, environment));
        _processes.Add(process);
        return process;
    }

    public Task<string> RunAsync(string script, int port, params (string, string)[] environment) =>
        ScriptProcess.RunAsync("sh", [Path.Combine(Config, script)], Environment(_root, port, environment));

    public async Task<string> AskAsync(int port, params string[] command)
    {
        await using var process = ScriptProcess.Start("redis-cli", ["-c", "-p", $"{port}", "--user", "tier", .. command], ("REDISCLI_AUTH", "pass-1234"));
        return (await process.EndAsync()).Output.Trim();
    }

    public Task UntilAnswersAsync(int port, string expected, params string[] command) => ScriptProcess.UntilAsync(async () =>
    {
        var said = await AskAsync(port, command);
        return (said.Contains(expected, StringComparison.Ordinal), said);
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes) await process.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    private (string, string)[] Environment(string data, int port, (string, string)[] more) =>
        [("CONFIG", Config), ("SECRET", Path.Combine(_root, "secret")), ("DATA", data), ("PORT", $"{port}"), ("HOST", "127.0.0.1"), ("POD_IP", "127.0.0.1"), .. _shared, .. more];

    private string Write(string name, string text)
    {
        var path = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
