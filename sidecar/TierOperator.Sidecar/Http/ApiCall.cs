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

    public static bool IsParameter(string segment) => segment[0] == '{';
}
