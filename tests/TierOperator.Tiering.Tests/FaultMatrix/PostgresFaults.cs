using TierOperator.TestKit.Postgres;
using TierOperator.TestKit.Redis;
using TierOperator.Tiering.Tests.Postgres;

namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>Each fault of the matrix on a PostgreSQL of its own.</summary>
internal static class PostgresFaults
{
    private const string CutAll = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tier'";

    public static Task<BrokenServer> OpenAsync(string fault) => fault switch
    {
        Faults.Refused => SimpleAsync(static server => server.KillAsync(), static server => server.StartAgainAsync(), isBrokenFromTheStart: true),
        Faults.Killed => SimpleAsync(static server => server.KillAsync(), static server => server.StartAgainAsync()),
        Faults.Frozen => SimpleAsync(static server => Faults.Do(server.Freeze), static server => Faults.Do(server.Thaw)),
        Faults.Slow => ProxiedAsync(FaultEffect.Away, static proxy => proxy.Delay = Faults.TooSlow, static proxy => proxy.Delay = TimeSpan.Zero),
        Faults.Full => FullAsync(),
        Faults.ReadOnly => BySqlAsync(
            FaultEffect.NoWrites,
            $"ALTER DATABASE postgres SET default_transaction_read_only = on; {CutAll}",
            $"SET default_transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only; {CutAll}"),
        Faults.FailedOver => FailedOverAsync(),
        Faults.Emptied => BySqlAsync(FaultEffect.ComesAndGoes, "DROP SCHEMA tier CASCADE", null),
        Faults.WrongPassword => WrongPasswordAsync(),
        Faults.Cut => ProxiedAsync(FaultEffect.ComesAndGoes, Faults.CutOften, Faults.CutNoMore),
        _ => throw new ArgumentException(fault, nameof(fault)),
    };

    private static async Task<BrokenServer> SimpleAsync(Func<PostgresServer, Task> breakIt, Func<PostgresServer, Task> mendIt, bool isBrokenFromTheStart = false)
    {
        var server = await PostgresServer.StartAsync();
        return new BrokenServer(server.Url, FaultEffect.Away, server) { IsBrokenFromTheStart = isBrokenFromTheStart, BreakAsync = () => breakIt(server), MendAsync = () => mendIt(server) };
    }

    private static async Task<BrokenServer> BySqlAsync(FaultEffect effect, string breakIt, string? mendIt)
    {
        var server = await PostgresServer.StartAsync();
        var database = new Database(server, "postgres");
        return new BrokenServer(server.Url, effect, database, server)
        {
            BreakAsync = () => database.RunAsync(breakIt), MendAsync = () => mendIt is null ? Task.CompletedTask : database.RunAsync(mendIt),
        };
    }

    /// <summary>The server's own error for a full disk, raised by a trigger: filling a disk of the machine would hurt others.</summary>
    private static Task<BrokenServer> FullAsync() => BySqlAsync(
        FaultEffect.NoWrites,
        """
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''could not extend file'' USING ERRCODE = ''53100''; END';
        CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON tier.session FOR EACH STATEMENT EXECUTE FUNCTION full_disk();
        CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON tier.item FOR EACH STATEMENT EXECUTE FUNCTION full_disk()
        """,
        "DROP TRIGGER full_disk ON tier.item; DROP TRIGGER full_disk ON tier.session");

    private static async Task<BrokenServer> ProxiedAsync(FaultEffect effect, Action<CuttingProxy> breakIt, Action<CuttingProxy> mendIt)
    {
        var server = await PostgresServer.StartAsync();
        var proxy = new CuttingProxy(server.Port);
        return new BrokenServer($"postgres://{PostgresServer.User}:{PostgresServer.Password}@127.0.0.1:{proxy.Port}/postgres", effect, proxy, server)
        {
            BreakAsync = () => Faults.Do(() => breakIt(proxy)), MendAsync = () => Faults.Do(() => mendIt(proxy)),
        };
    }

    private static async Task<BrokenServer> FailedOverAsync()
    {
        var primary = await PostgresServer.StartAsync();
        var standby = await primary.StartStandbyAsync();
        var url = $"postgres://{PostgresServer.User}:{PostgresServer.Password}@127.0.0.1:{primary.Port},127.0.0.1:{standby.Port}/postgres?target_session_attrs=read-write";
        return new BrokenServer(url, FaultEffect.Away, standby, primary) { BreakAsync = primary.KillAsync, MendAsync = standby.PromoteAsync };
    }

    private static async Task<BrokenServer> WrongPasswordAsync()
    {
        var server = await PostgresServer.StartAsync();
        var database = new Database(server, "postgres");
        await database.RunAsync("CREATE ROLE app LOGIN PASSWORD 'right'; GRANT CREATE ON DATABASE postgres TO app");
        return new BrokenServer(server.UrlOf("app", "right"), FaultEffect.Away, database, server)
        {
            BreakAsync = () => database.RunAsync($"ALTER ROLE app PASSWORD 'other'; {CutAll}"),
            MendAsync = () => database.RunAsync("ALTER ROLE app PASSWORD 'right'"),
        };
    }
}
