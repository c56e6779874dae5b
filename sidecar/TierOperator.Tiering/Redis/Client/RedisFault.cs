namespace TierOperator.Tiering.Redis.Client;

internal enum RedisFaultKind
{
    /// <summary>The caller's deadline came first. The command may yet happen.</summary>
    Timeout,

    /// <summary>There is no connection, or it broke before the reply.</summary>
    Disconnected,

    /// <summary>Too much waits for this server already: refused at once, nothing was sent.</summary>
    Busy,

    /// <summary>The server answered with an error, or something that is no answer to what was asked.</summary>
    Server,
}

/// <summary>Why a command has no reply. <see cref="Text"/> is the server's own where it answered; it never holds a secret.</summary>
internal sealed record RedisFault(RedisFaultKind Kind, string Text)
{
    public static readonly RedisFault TimedOut = new(RedisFaultKind.Timeout, "no answer in time");
    public static readonly RedisFault QueueFull = new(RedisFaultKind.Busy, "too many calls wait for the server");

    /// <summary>An error's first word: WRONGPASS, OOM, MOVED.</summary>
    public string Code => Kind != RedisFaultKind.Server ? "" : Text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end ? Text[..end] : Text;
}

/// <summary>A reply, or why there is none.</summary>
internal readonly record struct RedisAnswer<T>(T? Value, RedisFault? Fault)
{
    public bool IsFault => Fault is not null;
}
