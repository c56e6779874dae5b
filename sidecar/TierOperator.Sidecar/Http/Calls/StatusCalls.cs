using TierOperator.Sidecar.Admin;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>What the sidecar tells of itself.</summary>
internal static class StatusCalls
{
    public static Task StatusAsync(Exchange exchange) => JsonAnswer.WriteAsync(exchange.Http, 200, json =>
    {
        StatusJson.WritePolicy(json, exchange.Services.Policy);
        StatusJson.WriteHealth(json, exchange.Engine);
    });

    public static Task StatsAsync(Exchange exchange) => JsonAnswer.WriteAsync(exchange.Http, 200, json =>
    {
        StatusJson.WriteHealth(json, exchange.Engine);
        StatusJson.WriteCounters(json, exchange.Engine);
        json.WriteNumber("hitsOnShortWay", exchange.Services.Metrics.HotReads.Total);
        AccessesJson.Write(json, exchange.Engine.Accesses());
    });

    /// <summary>The canonical snapshot of the policy that runs, as the revision was taken of.</summary>
    public static async Task PolicyAsync(Exchange exchange)
    {
        var policy = exchange.Services.Policy.Running;
        exchange.Http.Response.ContentType = "application/json";
        exchange.Http.Response.ContentLength = policy.Snapshot.Length;
        exchange.ResponseHeaders.ETag = $"\"{policy.Compiled.Revision}\"";
        await exchange.Http.Response.BodyWriter.WriteAsync(policy.Snapshot, exchange.Aborted);
    }
}
