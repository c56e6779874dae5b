using System.Diagnostics;

namespace TierOperator.TestKit.Postgres;

/// <summary>
/// Data folders for servers. Making one takes a second or two, so one is made per process and copied. A server refuses to run as
/// root, so where the tests do, it runs as Debian's user postgres and owns its folder.
/// </summary>
internal static class PostgresFolder
{
    private const string ServerUser = "postgres";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private static readonly Lazy<Task<string>> s_template = new(MakeTemplateAsync);

    public static async Task<string> CreateAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"tier-postgres-{Guid.NewGuid():n}");
        await RunAsync(AsServerUser("cp", ["-a", await s_template.Value, folder]));
        return folder;
    }

    /// <summary>A running server's data as a standby's folder, set up to follow it.</summary>
    public static async Task<string> CopyRunningAsync(int port, string user, string password)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"tier-postgres-{Guid.NewGuid():n}");
        var start = AsServerUser(Program("pg_basebackup"), ["-h", "127.0.0.1", "-p", $"{port}", "-U", user, "-D", folder, "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
        start.Environment["PGPASSWORD"] = password;
        await RunAsync(start);
        return folder;
    }

    public static Task<string> AskAsync(int port, string user, string password, string sql)
    {
        var start = new ProcessStartInfo("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", $"{port}", "-U", user, "-d", "postgres", "-c", sql]);
        start.Environment["PGPASSWORD"] = password;
        return RunAsync(start);
    }

    public static Task PromoteAsync(string folder) => RunAsync(AsServerUser(Program("pg_ctl"), ["-D", folder, "-w", "promote"]));

    public static async Task AddCertificateAsync(string folder, (string Certificate, string Key) pem)
    {
        await WriteAsync(Path.Combine(folder, "server.crt"), pem.Certificate);
        await WriteAsync(Path.Combine(folder, "server.key"), pem.Key);
        await File.AppendAllTextAsync(Path.Combine(folder, "postgresql.conf"), "\nssl = on\n");
    }

    /// <summary>A program of the newest PostgreSQL that is installed.</summary>
    public static string Program(string name)
        => Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", name)).Where(File.Exists).Max(StringComparer.Ordinal)
              ?? throw new FileNotFoundException($"{name} is missing: apt-get install postgresql")
            : throw new FileNotFoundException("PostgreSQL is missing: apt-get install postgresql");

    public static ProcessStartInfo AsServerUser(string program, IEnumerable<string> arguments)
    {
        // setpriv becomes the program, so the process is the server itself and its id can be signalled.
        var start = Environment.UserName == "root"
            ? new ProcessStartInfo("setpriv", ["--reuid", ServerUser, "--regid", ServerUser, "--clear-groups", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        start.WorkingDirectory = "/";
        return start;
    }

    private static async Task<string> MakeTemplateAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"tier-postgres-template-{Guid.NewGuid():n}");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var passwordFile = Path.GetTempFileName();
        try
        {
            await WriteAsync(passwordFile, PostgresServer.Password);
            await RunAsync(AsServerUser(Program("initdb"), [
                "-D", folder, "-U", PostgresServer.User, "--pwfile", passwordFile, "--auth", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]));
        }
        finally
        {
            File.Delete(passwordFile);
        }

        return folder;
    }

    /// <summary>Writes a file that only the server's user may read, which it insists on for keys.</summary>
    public static async Task WriteAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text);
        await RunAsync(new ProcessStartInfo("chmod", ["600", path]));
        if (Environment.UserName == "root") await RunAsync(new ProcessStartInfo("chown", [ServerUser, path]));
    }

    /// <summary>Gives a folder to the server's user.</summary>
    public static Task OwnAsync(string folder)
        => Environment.UserName == "root" ? RunAsync(new ProcessStartInfo("chown", [ServerUser, folder])) : Task.CompletedTask;

    /// <summary>What it wrote.</summary>
    private static async Task<string> RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(s_patience);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{start.FileName} did not end in {s_patience.TotalSeconds} s");
        }

        if (process.ExitCode != 0) throw new InvalidOperationException($"{start.FileName} failed: {await errors}");
        return (await output).Trim();
    }
}
