using System.Text;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http;

/// <summary>One request on the general way: the context, what it may use, and the ids of its path.</summary>
internal sealed class Exchange(HttpContext http, ApiServices services, byte[][] ids)
{
    public HttpContext Http { get; } = http;
    public ApiServices Services { get; } = services;
    public TierEngine Engine => Services.Engine;
    public CancellationToken Aborted => Http.RequestAborted;
    public IHeaderDictionary RequestHeaders => Http.Request.Headers;
    public IHeaderDictionary ResponseHeaders => Http.Response.Headers;

    /// <summary>The first id of the path.</summary>
    public byte[] First => ids[0];

    /// <summary>The second id of the path.</summary>
    public byte[] Second => ids[1];

    public string FirstText => Encoding.UTF8.GetString(ids[0]);

    public Task RefuseAsync(Problem problem) => problem.WriteAsync(Http);

    public string? Query(string name)
    {
        var values = Http.Request.Query[name];
        return values.Count == 0 ? null : values[0];
    }
}
