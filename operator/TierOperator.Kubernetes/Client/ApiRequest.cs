using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.Client;

/// <summary>A request before it is sent, so that it can be sent again.</summary>
internal sealed record ApiRequest(HttpMethod Method, string PathAndQuery)
{
    public JsonNode? Body { get; init; }
    public string ContentType { get; init; } = "application/json";
    public string Accept { get; init; } = "application/json";

    /// <summary>The path without the query, which may hold tokens of lists.</summary>
    public override string ToString() => $"{Method} /{PathAndQuery.Split('?')[0]}";

    public HttpRequestMessage ToMessage()
    {
        // HttpClient's default version is not for messages that are made by hand: those say HTTP/1.1 themselves, and so lose
        // the pings by which a connection that went silent is found.
        var message = new HttpRequestMessage(Method, PathAndQuery) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        message.Headers.TryAddWithoutValidation("Accept", Accept);
        if (Body is null) return message;
        message.Content = new ByteArrayContent(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(Body));
        message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(ContentType);
        return message;
    }
}
