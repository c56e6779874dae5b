using TierOperator.Sidecar.Resp.Commands;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>What a client has told of itself. RESET sets most of it back.</summary>
internal sealed class ClientState
{
    public string Name { get; set; } = "";
    public long CreatedMs { get; } = Environment.TickCount64;
    public long LastInteractionMs { get; set; } = Environment.TickCount64;
    public string LastCommand { get; set; } = "NULL";
    public string? RemoteAddress { get; set; }
    public bool IsNoEvict { get; set; }

    /// <summary>CLIENT REPLY: how many replies are still to be swallowed; -1: all.</summary>
    public ReplyMode ReplyMode { get; set; }
    public Transaction Transaction { get; } = new();
    public HashSet<byte[]> Channels { get; } = new(Tiering.Engine.ByteComparer.Instance);
    public HashSet<byte[]> Patterns { get; } = new(Tiering.Engine.ByteComparer.Instance);
    public HashSet<byte[]> ShardChannels { get; } = new(Tiering.Engine.ByteComparer.Instance);
    public TrackingState? Tracking { get; set; }

    public bool IsSubscribed => Channels.Count + Patterns.Count + ShardChannels.Count > 0;
}

internal enum ReplyMode { On, Off, SkipNext, Skip }

/// <summary>MULTI as far as it has come.</summary>
internal sealed class Transaction
{
    public bool IsOpen { get; set; }

    /// <summary>A command was refused while queueing: EXEC will refuse too.</summary>
    public bool IsSpoiled { get; set; }
    public List<(Command Command, RespArguments Arguments)> Queue { get; } = [];

    /// <summary>Bytes that the queue holds.</summary>
    public long QueuedBytes { get; set; }

    /// <summary>Where Redis watches those of the keys that are its own.</summary>
    public NativeLine? Line { get; set; }

    /// <summary>Watched keys with what they looked like.</summary>
    public Dictionary<byte[], ulong> Watched { get; } = new(Tiering.Engine.ByteComparer.Instance);

    public void Unwatch()
    {
        Watched.Clear();
        _ = Line?.DisposeAsync().AsTask();
        Line = null;
    }

    /// <summary>The line, which is the caller's from now on.</summary>
    public NativeLine? TakeLine()
    {
        var line = Line;
        Line = null;
        return line;
    }

    public void Close()
    {
        (IsOpen, IsSpoiled, QueuedBytes) = (false, false, 0);
        Queue.Clear();
        Unwatch();
    }
}

/// <summary>CLIENT TRACKING as the client asked for it.</summary>
internal sealed record TrackingState
{
    public bool IsBroadcast { get; init; }
    public bool IsOptIn { get; init; }
    public bool IsOptOut { get; init; }
    public bool IsNoLoop { get; init; }

    /// <summary>The client that gets the invalidations; 0: this one.</summary>
    public long RedirectTo { get; init; }
    public IReadOnlyList<byte[]> Prefixes { get; init; } = [];

    /// <summary>CLIENT CACHING for the next command; null: nothing was said.</summary>
    public bool? NextCaching { get; set; }

    /// <summary>The target of the redirection is gone.</summary>
    public bool IsBroken { get; set; }
}
