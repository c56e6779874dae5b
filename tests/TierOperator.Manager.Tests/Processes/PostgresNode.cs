using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Manager.Tests.TestSupport;

namespace TierOperator.Manager.Tests.Processes;

/// <summary>
/// A PostgreSQL 15 of this machine in the place of a pod: folders for what the pod mounts, and its containers as
/// processes. PostgreSQL refuses to run as root, so root runs it as postgres.
/// </summary>
internal sealed class PostgresNode : IAsyncDisposable
{
    private const string Binaries = "/usr/lib/postgresql/15/bin";
    private readonly string _root = Directory.CreateTempSubdirectory("tier-postgres-").FullName;
    private readonly int[] _ports = ScriptProcess.FreePorts(2);
    private ScriptProcess? _server;

    public static string? SkipReason => Directory.Exists(Binaries) ? null : $"no PostgreSQL 15 in {Binaries}: install postgresql-15";

    public string Port => $"{_ports[0]}";

    /// <summary>What psql needs to be the server's owner.</summary>
    public (string Name, string Value)[] Login => [("PGPASSWORD", File.ReadAllText(PathOf("secret/password"))), ("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", PathOf("secret/ca.crt"))];

    public string PathOf(string name) => Path.Combine(_root, name);

    /// <summary>What a kubelet would mount of the ConfigMap and the Secret.</summary>
    public async Task MountAsync(JsonNode configMap, IEnumerable<(string File, string Text)> secret)
    {
        foreach (var (file, text) in configMap["data"]!.AsObject()) Write($"config/{file}", text!.GetValue<string>());
        foreach (var (file, text) in secret) Write($"secret/{file}", text);
        foreach (var folder in (string[])["data", "backup", "scratch"]) Directory.CreateDirectory(PathOf(folder));
        if (Environment.UserName == "root") await ScriptProcess.RunAsync("chown", ["-R", "postgres", _root]);
    }

    public async Task StartServerAsync()
    {
        _server = Run(["sh", PathOf("config/postgres-start.sh")]);
        await ScriptProcess.UntilAsync(async () =>
        {
            await using var ping = Run(["sh", PathOf("config/postgres-ping.sh")]);
            var (code, said) = await ping.EndAsync();
            if (!_server.HasExited) return (code == 0, said);
            Assert.Fail($"the server ended: {(await _server.EndAsync()).Output}");
            return (false, said);
        });
    }

    public async Task StopServerAsync()
    {
        await using var stop = Run(["pg_ctl", "stop", "-D", PathOf("data/pgdata"), "-m", "fast", "-w"]);
        Assert.Equal(0, (await stop.EndAsync()).Code);
        await _server!.EndAsync();
    }

    /// <summary>As when the machine is lost: nothing in the process gets a chance, and its volume is gone.</summary>
    public async Task LoseServerAsync()
    {
        var id = File.ReadLines(PathOf("data/pgdata/postmaster.pid")).First();
        await ScriptProcess.RunAsync("kill", ["-9", id]);
        await _server!.EndAsync();
        Directory.Delete(PathOf("data/pgdata"), recursive: true);
    }

    public Task UntilRecoveredAsync() => ScriptProcess.UntilAsync(async () => await AskAsync("select pg_is_in_recovery()") is var said && said == "f" ? (true, said) : (false, said));

    public async Task<string> AskAsync(string sql)
    {
        await using var process = Run(["psql", "-h", "localhost", "-p", $"{_ports[0]}", "-U", "tier", "-d", "tier", "-qAtc", sql], Login);
        return (await process.EndAsync()).Output.Trim().Split('\n')[^1];
    }

    /// <summary>Runs the only container of a pod, as the operator wrote it, to its end.</summary>
    public async Task<(int Code, string Output)> RunContainerAsync(JsonNode pod)
    {
        var container = pod["containers"]!.AsArray().Single()!;
        var isScratch = pod["volumes"]!.AsArray().Any(volume => volume!["name"]!.GetValue<string>() == "data" && volume["ephemeral"] is not null);
        var environment = container["env"]!.AsArray().Select(entry => (entry!["name"]!.GetValue<string>(), Here(entry["value"]!.GetValue<string>(), isScratch)));
        await using var process = Run([.. container["command"]!.AsArray().Select(word => Here(word!.GetValue<string>(), isScratch))], [.. environment, ("HOST", "localhost")]);
        return await process.EndAsync();
    }

    public async Task<string> RunScriptAsync(string script, params (string, string)[] more)
    {
        await using var process = Run(["sh", PathOf($"config/{script}")], more);
        var (code, said) = await process.EndAsync();
        Assert.True(code == 0, $"{script} ended with {code}: {said}");
        return said;
    }

    public ScriptProcess Run(string[] command, params (string Name, string Value)[] more)
    {
        (string Name, string Value)[] environment =
        [
            ("CONFIG", PathOf("config")), ("SECRET", PathOf("secret")), ("DATA", PathOf("data")), ("BACKUP", PathOf("backup")), ("HOST", "localhost"),
            ("HOME", _root), ("PORT", $"{_ports[0]}"), ("SCRATCH_PORT", $"{_ports[1]}"), ("TLS", "yes"), ("PATH", $"{Binaries}:{Environment.GetEnvironmentVariable("PATH")}"), .. more,
        ];
        return Environment.UserName == "root"
            ? ScriptProcess.Start("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", .. command], environment)
            : ScriptProcess.Start(command[0], command[1..], environment);
    }

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text, new UTF8Encoding(false));
        if (OperatingSystem.IsLinux() && name.EndsWith(".key", StringComparison.Ordinal)) File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    // Where the container's folders stand on this machine.
    private string Here(string text, bool isScratch) => text switch
    {
        "/data" => PathOf(isScratch ? "scratch" : "data"),
        "/backup" => PathOf("backup"),
        _ => text.Replace("/etc/tier-backend", _root, StringComparison.Ordinal),
    };
}
