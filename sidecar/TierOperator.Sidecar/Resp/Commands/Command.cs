namespace TierOperator.Sidecar.Resp.Commands;

[Flags]
internal enum CommandFlags
{
    None = 0,
    Write = 1,
    ReadOnly = 2,

    /// <summary>Wants room: refused when memory is full in Redis; told to clients only.</summary>
    DenyOutOfMemory = 4,
    Fast = 8,

    /// <summary>May not stand in MULTI.</summary>
    NoMulti = 16,

    /// <summary>Allowed while a RESP2 connection is subscribed.</summary>
    WhileSubscribed = 32,
    Admin = 64,
    PubSub = 128,
    Loading = 256,
    Stale = 512,
    SkipSlowLog = 1024,
    NoAuth = 2048,
    NoScript = 4096,

    /// <summary>Runs at once even inside MULTI: EXEC, DISCARD and their kin.</summary>
    Transaction = 8192,
}

/// <summary>Where keys stand among the arguments, as COMMAND INFO tells it: first, last (negative: from the end), step.</summary>
internal readonly record struct KeyPlaces(int First, int Last, int Step)
{
    public static readonly KeyPlaces None;
    public static readonly KeyPlaces One = new(1, 1, 1);
    public static readonly KeyPlaces All = new(1, -1, 1);
    public static readonly KeyPlaces Two = new(1, 2, 1);
    public static readonly KeyPlaces Pairs = new(1, -1, 2);

    public int LastOf(int count) => Last >= 0 ? Last : count + Last;
}

/// <summary>A command that reads or changes keys: runs in an edit.</summary>
internal delegate void KeyHandler(Serving.KeyCall call);

/// <summary>A command about the connection or the server: runs on the event thread.</summary>
internal delegate void ConnectionHandler(Serving.RespConnection connection, Serving.RespArguments arguments);

/// <summary>A command over many keys that nobody names: runs off the event thread.</summary>
internal delegate ValueTask SurveyHandler(Serving.SurveyCall call);

/// <summary>
/// A command: its arity as Redis counts it (the name included; negative: at least), where its keys stand, and exactly one
/// handler. A container (CLIENT, CONFIG) has subcommands instead.
/// </summary>
internal sealed record Command(string Name, int Arity, CommandFlags Flags)
{
    public KeyPlaces Keys { get; init; }
    public KeyHandler? OnKeys { get; init; }

    /// <summary>Runs on the event thread after the edit of <see cref="OnKeys"/> was done.</summary>
    public Action<Serving.RespConnection, Serving.KeyCall>? OnDone { get; init; }
    public ConnectionHandler? OnConnection { get; init; }
    public SurveyHandler? OnSurvey { get; init; }
    public IReadOnlyList<Command>? Subcommands { get; init; }

    /// <summary>What a container does without a subcommand; null where that is an error.</summary>
    public ConnectionHandler? Alone { get; init; }

    /// <summary>Redis' group of the command, as COMMAND DOCS tells it.</summary>
    public string Group { get; init; } = "generic";

    /// <summary>What Redis tells of it; null for what Redis does not have.</summary>
    public Native.CommandFact? Fact { get; } = Native.CommandSheet.Whole.Find(Name);

    /// <summary>Only Redis has it: it is passed on.</summary>
    public bool IsPassed { get; init; }

    /// <summary>What is there makes no difference to it.</summary>
    public bool IsBlind { get; init; }

    public bool IsWrite => Flags.HasFlag(CommandFlags.Write);

    public bool TakesCount(int count) => Arity >= 0 ? count == Arity : count >= -Arity;

    public static Command Read(string name, int arity, KeyPlaces keys, KeyHandler handler)
        => new(name, arity, CommandFlags.ReadOnly) { Keys = keys, OnKeys = handler };

    public static Command Write(string name, int arity, KeyPlaces keys, KeyHandler handler)
        => new(name, arity, CommandFlags.Write) { Keys = keys, OnKeys = handler };

    public static Command Of(string name, int arity, CommandFlags flags, ConnectionHandler handler)
        => new(name, arity, flags) { OnConnection = handler };
}
