using System.Text;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http;

/// <summary>One request on the general way: the context, what it may use, the ids of its path and its query.</summary>
internal sealed class Exchange(HttpContext http, ApiServices services, in CallMatch match)
{
    private readonly byte[][] _ids = match.Ids;

    public HttpContext Http { get; } = http;
    public ApiServices Services { get; } = services;
    public TierEngine Engine => Services.Engine;
    public CancellationToken Aborted => Http.RequestAborted;
    public IHeaderDictionary RequestHeaders => Http.Request.Headers;
    public IHeaderDictionary ResponseHeaders => Http.Response.Headers;

    /// <summary>The first id of the path.</summary>
    public byte[] First => _ids[0];

    /// <summary>The second id of the path.</summary>
    public byte[] Second => _ids[1];

    public string FirstText => Encoding.UTF8.GetString(_ids[0]);

    public Task RefuseAsync(Problem problem) => problem.WriteAsync(Http);

    /// <summary>The parameters that the call takes, decoded.</summary>
    public CallQuery Query { get; } = match.Query;
}
