using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>A client's command on its way to Redis. The arguments are its own copy.</summary>
internal sealed record NativeRequest(CommandFact Fact, RespArguments Arguments, int Protocol)
{
    public IReadOnlyList<KeyPlace> Places { get; } = KeyFinder.Find(Fact, Arguments) ?? [];

    /// <summary>Each key once.</summary>
    public IReadOnlyList<byte[]> Keys => [.. Places.Select(place => Arguments[place.Argument].ToArray()).Distinct(Tiering.Engine.ByteComparer.Instance)];

    /// <summary>The arguments with each key under the name that it has on the server.</summary>
    public ReadOnlyMemory<byte>[] WordsWith(Func<byte[], byte[]> nameOf)
    {
        var words = new ReadOnlyMemory<byte>[Arguments.Count];
        for (var i = 0; i < words.Length; i++) words[i] = Arguments.Memory(i);
        foreach (var place in Places) words[place.Argument] = nameOf(words[place.Argument].ToArray());
        return words;
    }
}
