namespace TierOperator.Sidecar.Http;

/// <summary>Answers one call.</summary>
internal delegate Task CallHandler(Exchange exchange);

/// <summary>
/// One call: a method and a path such as <c>/v1/sessions/{session}/items/{item}</c>. The name is the call's label in
/// metrics and its operationId in the OpenAPI document.
/// </summary>
internal sealed record ApiCall(string Method, string Path, string Name, CallHandler Handler)
{
    public string[] Segments { get; } = Path[1..].Split('/');

    /// <summary>The parameters that the call takes in its query; any other is refused.</summary>
    public string[] Query { get; init; } = [];

    /// <summary>Whether a parameter of a query holds an id, or the beginning of one.</summary>
    public static bool IsId(string parameter) => parameter is "session" or "item" or "items" or "prefix";

    public static bool IsParameter(string segment) => segment[0] == '{';
}
