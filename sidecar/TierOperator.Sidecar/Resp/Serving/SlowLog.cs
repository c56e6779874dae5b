namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>One slow command: when (Unix seconds), how long (microseconds), what (clipped), and whose.</summary>
internal sealed record SlowEntry(long Id, long UnixSeconds, long Microseconds, byte[][] Arguments, string Address, string Name);

/// <summary>The slowest of late, newest first, as many as <c>slowlog-max-len</c>.</summary>
internal sealed class SlowLog
{
    private const int MostArguments = 32, MostArgumentBytes = 128;
    private readonly LinkedList<SlowEntry> _entries = new();
    private long _lastId = -1;

    public IEnumerable<SlowEntry> Entries => _entries;
    public int Count => _entries.Count;

    public void Add(RespArguments arguments, RespConnection connection, long microseconds, int most)
    {
        if (most == 0) return;
        var now = connection.Server.UnixMs / 1000;
        var address = connection.State.RemoteAddress ??= connection.Socket.RemoteAddress();
        _entries.AddFirst(new SlowEntry(++_lastId, now, microseconds, Clipped(arguments), address, connection.State.Name));
        while (_entries.Count > most) _entries.RemoveLast();
    }

    public void Clear() => _entries.Clear();

    private static byte[][] Clipped(RespArguments arguments)
    {
        var count = Math.Min(arguments.Count, MostArguments);
        var clipped = new byte[count][];
        for (var i = 0; i < count; i++) clipped[i] = Clipped(arguments, i);
        if (arguments.Count > MostArguments)
            clipped[^1] = System.Text.Encoding.ASCII.GetBytes($"... ({arguments.Count - MostArguments + 1} more arguments)");
        return clipped;
    }

    private static byte[] Clipped(RespArguments arguments, int index)
    {
        var length = arguments.LengthOf(index);
        if (length <= MostArgumentBytes) return arguments[index].ToArray();
        return [.. arguments.Start(index, MostArgumentBytes), .. System.Text.Encoding.ASCII.GetBytes($"... ({length - MostArgumentBytes} more bytes)")];
    }
}
