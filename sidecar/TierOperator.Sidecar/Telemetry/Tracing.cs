using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Telemetry;

/// <summary>
/// One span per call of the API, continuing the caller's trace, sent by OTLP. Without a collector no listener exists and a
/// span costs one test of a field. Names and tags come from closed sets: no ids.
/// </summary>
internal static class Tracing
{
    public const string SourceName = "TierOperator.Sidecar";
    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Sends spans to a collector until disposed; null without one.</summary>
    public static TracerProvider? Start(Uri? endpoint)
    {
        if (endpoint is null) return null;
        var grpc = Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc";
        return Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => resource.AddService("tier-sidecar"))
            .AddSource(SourceName)
            .AddOtlpExporter(exporter =>
            {
                exporter.Protocol = grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = grpc ? endpoint : TracesOf(endpoint);
            })
            .Build();
    }

    public static Activity? StartCall(ApiCall? call, HttpRequest request)
    {
        if (!Source.HasListeners()) return null;
        ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out var parent);
        var span = Source.StartActivity(call?.Name ?? "unmatched", ActivityKind.Server, parent);
        span?.SetTag("http.request.method", call?.Method ?? "_OTHER");
        span?.SetTag("http.route", call?.Path);
        return span;
    }

    public static void EndCall(Activity? span, int status)
    {
        span?.SetTag("http.response.status_code", status);
        if (status >= 500) span?.SetStatus(ActivityStatusCode.Error);
    }

    // As the specification asks of a base endpoint; one that names the signal already is taken as it is.
    private static Uri TracesOf(Uri endpoint)
        => endpoint.AbsolutePath.EndsWith("/v1/traces", StringComparison.Ordinal)
            ? endpoint
            : new Uri(endpoint.ToString().TrimEnd('/') + "/v1/traces");
}
