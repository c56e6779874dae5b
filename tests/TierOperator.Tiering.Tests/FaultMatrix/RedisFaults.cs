using TierOperator.TestKit.Redis;

namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>Each fault of the matrix on a Redis of its own.</summary>
internal static class RedisFaults
{
    public static Task<BrokenServer> OpenAsync(string fault) => fault switch
    {
        Faults.Refused or Faults.Killed => KilledAsync(fault == Faults.Refused),
        Faults.Frozen => SimpleAsync(FaultEffect.Away, Run(static server => server.Freeze()), Run(static server => server.Thaw())),
        Faults.Slow => ProxiedAsync(FaultEffect.Away, static proxy => proxy.Delay = Faults.TooSlow, static proxy => proxy.Delay = TimeSpan.Zero),
        Faults.Full => SimpleAsync(FaultEffect.NoWrites, static server => server.RunAsync("CONFIG", "SET", "maxmemory", "1"), static server => server.RunAsync("CONFIG", "SET", "maxmemory", "0")),
        Faults.ReadOnly => SimpleAsync(FaultEffect.NoWrites, static server => server.RunAsync("REPLICAOF", "127.0.0.1", "1"), static server => server.RunAsync("REPLICAOF", "NO", "ONE")),
        Faults.FailedOver => FailedOverAsync(),
        Faults.Emptied => SimpleAsync(FaultEffect.Forgets, static server => server.RunAsync("FLUSHALL"), static _ => Task.CompletedTask),
        Faults.WrongPassword => WrongPasswordAsync(),
        Faults.Cut => ProxiedAsync(FaultEffect.ComesAndGoes, Faults.CutOften, Faults.CutNoMore),
        _ => throw new ArgumentException(fault, nameof(fault)),
    };

    private static async Task<BrokenServer> SimpleAsync(FaultEffect effect, Func<RedisServer, Task> breakIt, Func<RedisServer, Task> mendIt)
    {
        var server = await RedisServer.StartAsync();
        return new BrokenServer(server.Url, effect, server) { BreakAsync = () => breakIt(server), MendAsync = () => mendIt(server) };
    }

    /// <summary>It keeps nothing on its disk: started again it is empty.</summary>
    private static async Task<BrokenServer> KilledAsync(bool isBrokenFromTheStart)
    {
        var server = await RedisServer.StartAsync();
        return new BrokenServer(server.Url, FaultEffect.Away, server)
        {
            IsBrokenFromTheStart = isBrokenFromTheStart, BreakAsync = () => Faults.Do(server.Kill), MendAsync = server.RestartAsync,
        };
    }

    private static async Task<BrokenServer> ProxiedAsync(FaultEffect effect, Action<CuttingProxy> breakIt, Action<CuttingProxy> mendIt)
    {
        var server = await RedisServer.StartAsync();
        var proxy = new CuttingProxy(server.Port);
        return new BrokenServer($"redis://127.0.0.1:{proxy.Port}", effect, proxy, server)
        {
            BreakAsync = () => Faults.Do(() => breakIt(proxy)), MendAsync = () => Faults.Do(() => mendIt(proxy)),
        };
    }

    private static async Task<BrokenServer> FailedOverAsync()
    {
        var group = await RedisSentinels.StartAsync();
        return new BrokenServer(group.Url, FaultEffect.ComesAndGoes, group) { BreakAsync = () => Faults.Do(group.Primary.Kill), MendAsync = group.UntilSwitchedAsync };
    }

    private static async Task<BrokenServer> WrongPasswordAsync()
    {
        var server = await RedisServer.StartAsync();
        await server.RunAsync("ACL", "SETUSER", "app", "on", ">right", "~*", "&*", "+@all");
        return new BrokenServer($"redis://app:right@127.0.0.1:{server.Port}", FaultEffect.Away, server)
        {
            BreakAsync = async () =>
            {
                await server.RunAsync("ACL", "SETUSER", "app", "resetpass", ">other");
                await server.RunAsync("CLIENT", "KILL", "USER", "app");
            },
            MendAsync = () => server.RunAsync("ACL", "SETUSER", "app", "resetpass", ">right"),
        };
    }

    private static Func<RedisServer, Task> Run(Action<RedisServer> action) => server => Faults.Do(() => action(server));
}
