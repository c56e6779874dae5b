using System.Text;

namespace TierOperator.TestKit.Http;

/// <summary>A request as an origin got it: its fields in order, names as sent.</summary>
public sealed record OriginRequestSeen(string Method, string Target, IReadOnlyList<(string Name, string Value)> Fields, byte[] Body)
{
    /// <summary>A field's value, lines joined; null where it is absent.</summary>
    public string? this[string name]
    {
        get
        {
            var values = Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value).ToList();
            return values.Count == 0 ? null : string.Join(", ", values);
        }
    }
}

/// <summary>What an origin answers, down to how it breaks off.</summary>
public sealed record OriginReply
{
    public int Status { get; init; } = 200;

    /// <summary>Fields as lines, such as <c>Cache-Control: max-age=60</c>.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];
    public byte[] Body { get; init; } = [];

    /// <summary>In place of everything else: these bytes, and then the connection's end.</summary>
    public string? Raw { get; init; }

    /// <summary>No Content-Length: chunks, or with <see cref="EndsWithConnection"/> neither.</summary>
    public bool IsChunked { get; init; }
    public bool EndsWithConnection { get; init; }

    /// <summary>The connection ends after so many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Waited for before anything is sent, and before the second half of the body.</summary>
    public Task Before { get; init; } = Task.CompletedTask;
    public Task Halfway { get; init; } = Task.CompletedTask;

    public static OriginReply Of(string body, params string[] fields) => new() { Body = Encoding.UTF8.GetBytes(body), Fields = fields };
}
