using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Sidecar.Routes;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// What Kestrel calls for each request of the API listener. It stands directly on the server: no host, middleware or
/// service scope lies between a connection and a memory hit.
/// </summary>
internal sealed class ApiApplication(HotRead hot, RoutesWay routes, GeneralWay general, bool tracing) : IHttpApplication<IFeatureCollection>
{
    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    // With tracing on, hits have spans too, and so take the general way.
    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        if (!tracing && hot.TryAnswer(context)) return Task.CompletedTask;
        if (!routes.Takes(context)) return general.AnswerAsync(context);
        return routes.TryHit(context) ? Task.CompletedTask : routes.AnswerAsync(context);
    }

    public void DisposeContext(IFeatureCollection context, Exception? exception) { }
}
