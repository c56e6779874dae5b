using Microsoft.AspNetCore.Http;
using TierOperator.Kubernetes.Objects;
using TierOperator.Kubernetes.TestKit.Storage;

namespace TierOperator.Kubernetes.TestKit.Serving;

/// <summary>Passes a GET of <c>pods/NAME:PORT/proxy/PATH</c> on to the pod's address.</summary>
internal static class PodProxy
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(5) };

    public static async Task PassAsync(HttpContext context, ClusterState state, ApiPath path)
    {
        var (name, port) = path.Name.Split(':') is [var first, var second] ? (first, second) : throw ApiProblemException.BadRequest("the fake server's proxy wants NAME:PORT");
        var table = state.Table("", ResourceTypes.Pods.Version, ResourceTypes.Pods.Plural);
        var pod = state.Read(_ => table.Find(new ObjectKey(path.Namespace, name))) ?? throw ApiProblemException.NotFound($"pods \"{name}\"");
        var rest = context.Request.Path.Value!.Split("/proxy/", 2)[^1];
        try
        {
            var answer = await Client.GetByteArrayAsync(new Uri($"http://{pod.Body["status"]?["podIP"]}:{port}/{rest}"), context.RequestAborted);
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(answer);
        }
        catch (HttpRequestException error)
        {
            throw new ApiProblemException(503, "ServiceUnavailable", error.Message);
        }
    }
}
