using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>What CONFIG GET shows and CONFIG SET changes, of what exists here. Belongs to the event thread.</summary>
internal sealed class RespSettings(RespOptions options)
{
    private const int MostSlowLog = 100_000;

    public int MaxClients { get; private set; } = options.MaxClients;
    public long SlowLogMicroseconds { get; private set; } = 10_000;
    public int SlowLogLength { get; private set; } = 128;
    public KeyEventClass Events { get; private set; }

    /// <summary>Names and values as Redis writes them.</summary>
    public IEnumerable<(string Name, string Value)> All(TierEngine engine)
    {
        var memory = engine.Policy.Memory;
        yield return ("appendonly", engine.Policy.Spillover is null ? "no" : "yes");
        yield return ("databases", "1");
        yield return ("maxclients", $"{MaxClients}");
        yield return ("maxmemory", $"{memory?.CapacityBytes ?? 0}");
        yield return ("maxmemory-policy", engine.Policy.Spillover is null ? "allkeys-lru" : "noeviction");
        yield return ("notify-keyspace-events", KeyEventClasses.Format(Events));
        yield return ("proto-max-bulk-len", $"{options.MaxBulkBytes}");
        yield return ("save", "");
        yield return ("slowlog-log-slower-than", $"{SlowLogMicroseconds}");
        yield return ("slowlog-max-len", $"{SlowLogLength}");
        yield return ("timeout", "0");
    }

    /// <summary>Checks one setting; null when it may be set, else why not.</summary>
    public static string? Check(string name, string value) => name switch
    {
        "maxclients" => IsWithin(value, 1, int.MaxValue) ? null : "argument couldn't be parsed into an integer",
        "slowlog-log-slower-than" => IsWithin(value, -1, long.MaxValue) ? null : "argument couldn't be parsed into an integer",
        "slowlog-max-len" when !long.TryParse(value, out _) => "argument couldn't be parsed into an integer",
        "slowlog-max-len" => IsWithin(value, 0, MostSlowLog) ? null : $"argument must be between 0 and {MostSlowLog} inclusive",
        "notify-keyspace-events" => KeyEventClasses.Parse(value) is not null ? null : "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
        _ => "can't set immutable config",
    };

    /// <summary>Sets what <see cref="Check"/> has let pass.</summary>
    public void Set(string name, string value)
    {
        switch (name)
        {
            case "maxclients":
                MaxClients = int.Parse(value);
                break;
            case "slowlog-log-slower-than":
                SlowLogMicroseconds = long.Parse(value);
                break;
            case "slowlog-max-len":
                SlowLogLength = int.Parse(value);
                break;
            default:
                Events = KeyEventClasses.Parse(value)!.Value;
                break;
        }
    }

    private static bool IsWithin(string value, long least, long most) => long.TryParse(value, out var number) && number >= least && number <= most;
}
