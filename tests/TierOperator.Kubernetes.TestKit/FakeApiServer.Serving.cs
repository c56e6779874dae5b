using Microsoft.AspNetCore.Http;
using TierOperator.Kubernetes.TestKit.Faults;
using TierOperator.Kubernetes.TestKit.Serving;

namespace TierOperator.Kubernetes.TestKit;

public sealed partial class FakeApiServer
{
    private async Task HandleAsync(HttpContext context)
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        var call = new ApiCall(
            context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "", context.Request.ContentType ?? "",
            authorization.StartsWith("Bearer ", StringComparison.Ordinal) ? authorization[7..] : null);
        _calls.Enqueue(call);
        var fault = Faults.Meet(call);
        if (fault is not null && fault.Kind != FaultKind.CutAfter)
        {
            await MisbehaveAsync(context, fault);
            return;
        }

        try
        {
            if (AcceptedToken is not null && call.Token != AcceptedToken) throw new ApiProblemException(401, "Unauthorized", "Unauthorized");
            if (fault is not null) context.Response.Body = new MemoryStream();
            await ServeAsync(context, call);
            if (fault is not null) context.Abort();
        }
        catch (ApiProblemException problem) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = problem.Code;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(problem.ToStatus().ToJsonString());
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone.
        }
    }

    private async Task ServeAsync(HttpContext context, ApiCall call)
    {
        if (ApiPath.Parse(call.Path) is not { } path)
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync((_discovery.Answer(call.Path) ?? throw ApiProblemException.NotFound(call.Path)).ToJsonString());
            return;
        }

        if (path.Subresource == "proxy")
        {
            await PodProxy.PassAsync(context, State, path);
            return;
        }

        var table = State.Table(path.Group, path.Version, path.Plural);
        await ((call.Method, path.Name.Length > 0) switch
        {
            ("GET", true) => _reads.GetAsync(context, table, path),
            ("GET", false) when call.IsWatch => _watches.WatchAsync(context, table, path),
            ("GET", false) => _reads.ListAsync(context, table, path),
            ("POST", _) => _writes.CreateAsync(context, table, path),
            ("PUT", true) => _writes.ReplaceAsync(context, table, path),
            ("PATCH", true) => _writes.PatchAsync(context, table, path),
            ("DELETE", true) => _writes.DeleteAsync(context, table, path),
            _ => throw new ApiProblemException(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
        });
    }

    private static async Task MisbehaveAsync(HttpContext context, ServerFault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.Cut:
                context.Abort();
                break;
            case FaultKind.Silence:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            default:
                context.Response.StatusCode = fault.Status;
                if (fault.RetryAfterSeconds is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString();
                await context.Response.WriteAsync(fault.ToBody());
                break;
        }
    }
}
