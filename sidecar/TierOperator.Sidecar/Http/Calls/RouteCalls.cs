using System.Text.Json;
using TierOperator.Sidecar.HttpCache.Answering;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Routes;
using Yarp.ReverseProxy.Model;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>What the routes do, and forgetting what they have cached.</summary>
internal static class RouteCalls
{
    public static Task ListAsync(Exchange exchange)
    {
        var services = exchange.Services.Routes;
        return JsonAnswer.WriteAsync(exchange.Http, 200, json =>
        {
            json.WriteStartArray("routes");
            foreach (var entry in services.State.Current?.Entries ?? []) WriteRoute(json, entry, services.State);
            json.WriteEndArray();
        });
    }

    /// <summary>Takes <c>{"tag": …}</c>, or <c>{"route": …}</c>, that with <c>"prefix"</c> or <c>"key"</c>: a path with its query.</summary>
    public static async Task PurgeAsync(Exchange exchange)
    {
        using var body = await JsonBody.ReceiveAsync(exchange);
        if (body.Problem is { } problem)
        {
            await exchange.RefuseAsync(problem);
            return;
        }

        if (PurgeOrder.Read(body.Bytes, exchange.Services.Routes.State, out var order) is { } fault) await exchange.RefuseAsync(Problems.Malformed(fault));
        else if (order is null) await exchange.RefuseAsync(Problems.NotFound("The policy has no such route. GET /v1/routes lists them."));
        else await RunAsync(exchange, order);
    }

    private static async Task RunAsync(Exchange exchange, PurgeOrder order)
    {
        var cache = exchange.Services.Routes.Cache;
        var marks = exchange.Services.Routes.Marks;
        var mark = order.Mark;
        if (order is { Key: { } key, Route: { } one })
        {
            var cut = key.IndexOf('?', StringComparison.Ordinal);
            var (path, query) = (PathOf(cut < 0 ? key : key[..cut]), cut < 0 ? "" : key[cut..]);
            if (path is null || one.Keys.Of(path, query) is not { } primary)
            {
                await exchange.RefuseAsync(Problems.Malformed("The key is longer than any that is cached, or holds a NUL."));
                return;
            }

            mark = PurgeMarks.OfKey(primary);
            await Invalidation.ForgetAsync(one, cache, path, query);
        }

        await cache.Fills.PartAsync(fill => order.Route is null || fill.Route.Route.Name == order.Route.Route.Name);
        if (!await marks.MarkAsync(mark, exchange.Aborted)) exchange.ResponseHeaders[TierHeaders.Pending] = "shared";

        exchange.Http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static string? PathOf(string path) => RequestPath.Decode(new Uri("http://localhost" + path).AbsolutePath);

    private static void WriteRoute(Utf8JsonWriter json, RouteEntry entry, RoutesState state)
    {
        var route = entry.Route;
        json.WriteStartObject();
        json.WriteString("name", route.Name);
        json.WriteString("path", route.Match.Path);
        json.WriteString("cache", route.Cache.Mode.ToString());
        json.WriteString("tiers", TierNames.Header(route.Cache.Tiers));
        json.WriteStartArray("destinations");
        foreach (var destination in state.DestinationsOf(route.Name)) WriteDestination(json, destination);
        json.WriteEndArray();
        json.WriteStartObject("requests");
        foreach (var outcome in RouteCounters.Outcomes) json.WriteNumber(outcome.ToString().ToLowerInvariant(), entry.Counters.Of(outcome));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteDestination(Utf8JsonWriter json, DestinationState destination)
    {
        json.WriteStartObject();
        json.WriteString("address", destination.Model.Config.Address);
        json.WriteString("active", destination.Health.Active.ToString());
        json.WriteString("passive", destination.Health.Passive.ToString());
        json.WriteNumber("requestsUnderWay", destination.ConcurrentRequestCount);
        json.WriteEndObject();
    }
}
