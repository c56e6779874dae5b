using System.Text;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// What is put before a client's script, in its first line: its KEYS are the client's own names, each key of a call that it has
/// declared becomes the key on the server, and any other is refused. What could reach the server's own <c>redis</c> is hidden.
/// </summary>
internal sealed class ScriptShim
{
    private const string Resource = "TierOperator.Sidecar.shim.lua";
    private static readonly string[] s_keyless = ["ping", "echo", "time", "publish", "spublish"];
    private static readonly Lazy<string> s_source = new(Read);
    private static readonly Lazy<string> s_specifications = new(Specifications);

    private readonly byte[] _head;

    public ScriptShim(NativeServer server, byte[] channels)
        => _head = Encoding.UTF8.GetBytes(s_source.Value
            .Replace("<<PREFIX>>", Quoted(server.KeyPrefix.Span), StringComparison.Ordinal)
            .Replace("<<CHANNELS>>", Quoted(channels), StringComparison.Ordinal)
            .Replace("<<SPECIFICATIONS>>", $"'{s_specifications.Value}'", StringComparison.Ordinal));

    /// <summary>The script as the server gets it. A first line that begins with <c>#!</c> stays the first.</summary>
    public byte[] Around(ReadOnlySpan<byte> script)
    {
        if (!script.StartsWith("#!"u8)) return [.. _head, .. script];
        var end = script.IndexOf((byte)'\n');
        return end < 0 ? script.ToArray() : [.. script[..(end + 1)], .. _head, .. script[(end + 1)..]];
    }

    private static string Read()
    {
        using var stream = typeof(ScriptShim).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"the resource {Resource} is missing");
        using var reader = new StreamReader(stream);
        // One line, so that errors keep the numbers of the client's own lines.
        return string.Join(' ', reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) + "; ";
    }

    // ;get=@/1:0,1,0;…;
    private static string Specifications()
    {
        var text = new StringBuilder(";");
        foreach (var name in s_keyless) text.Append(name).Append("=;");
        foreach (var fact in CommandSheet.Whole.All.Where(fact => fact.Name != "migrate" && fact.Specifications.Count > 0))
        {
            text.Append(fact.Name).Append('=');
            foreach (var use in fact.Specifications.Where(use => !use.IsUnknown))
                text.Append($"@{use.Keyword}/{use.Begin}:{(use.IsCounted ? "#" : "")}{use.Find.Last},{use.Find.Step},{use.Find.Limit}");
            text.Append(';');
        }

        return text.ToString();
    }

    private static string Quoted(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("'");
        foreach (var one in bytes) text.Append($"\\{one:000}");
        return text.Append('\'').ToString();
    }
}
