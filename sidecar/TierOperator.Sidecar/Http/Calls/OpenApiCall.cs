namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Serves the API's description, which is kept by hand beside the code and compared with it by a test.</summary>
internal static class OpenApiCall
{
    private const string Resource = "TierOperator.Sidecar.openapi.json";

    public static async Task ReadAsync(Exchange exchange)
    {
        await using var document = typeof(OpenApiCall).Assembly.GetManifestResourceStream(Resource)!;
        exchange.Http.Response.ContentType = "application/json";
        exchange.Http.Response.ContentLength = document.Length;
        await document.CopyToAsync(exchange.Http.Response.Body, exchange.Aborted);
    }
}
