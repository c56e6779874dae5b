using System.Text;
using System.Text.Unicode;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// The query of a request, read strictly: a parameter that the call does not take, one that stands twice, and a value
/// that is no UTF-8 are refused, because what was meant by them would not have happened.
/// </summary>
internal sealed class CallQuery
{
    public static readonly CallQuery Empty = new([]);

    private readonly List<(string Name, byte[] Value)> _parameters;

    private CallQuery(List<(string Name, byte[] Value)> parameters) => _parameters = parameters;

    /// <summary>A parameter's bytes, decoded; null when it is not there.</summary>
    public byte[]? Bytes(string name) => _parameters.Find(parameter => parameter.Name == name).Value;

    /// <summary>A parameter as text; null when it is not there.</summary>
    public string? Text(string name) => Bytes(name) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Reads what follows the question mark of a target.</summary>
    public static Problem? TryRead(ReadOnlySpan<char> query, ApiCall call, out CallQuery read)
    {
        List<(string Name, byte[] Value)> parameters = [];
        read = new CallQuery(parameters);
        foreach (var range in query.Split('&'))
        {
            var parameter = query[range];
            if (parameter.IsEmpty) continue;
            var equals = parameter.IndexOf('=');
            var name = Shown(equals < 0 ? parameter : parameter[..equals]);
            if (!call.Query.Contains(name, StringComparer.Ordinal))
                return Problems.Malformed("The query: " + UnknownName.Describe(name, "this call", call.Query));
            if (read.Bytes(name) is not null) return Problems.Malformed($"The query: \"{name}\" stands twice. Send it once.");
            if (TryDecode(equals < 0 ? [] : parameter[(equals + 1)..], out var value) is var fault and not IdFault.None)
                return ApiCall.IsId(name) ? Problems.BadId(name, fault) : Problems.Malformed($"The query: \"{name}\" is not UTF-8 whose bytes are encoded as %XX.");
            parameters.Add((name, value));
        }

        return null;
    }

    // A name that cannot be decoded is no name of ours, so it may stand as it is.
    private static string Shown(ReadOnlySpan<char> name)
        => TryDecode(name, out var bytes) == IdFault.None ? Encoding.UTF8.GetString(bytes) : name.ToString();

    /// <summary>Percent-decodes a text in which a plus is a space, as forms and most clients write it.</summary>
    private static IdFault TryDecode(ReadOnlySpan<char> text, out byte[] value)
    {
        value = [];
        if (text.IsEmpty) return IdFault.None;
        var bytes = new byte[text.Length];
        var fault = PathParser.Decode(text.ToString().Replace('+', ' '), bytes, out var written);
        if (fault != IdFault.None) return fault;
        value = bytes[..written];
        return Utf8.IsValid(value) ? IdFault.None : IdFault.NotUtf8;
    }
}
