using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// Where a sidecar in a pod stays while it has nothing to run: no policy, a faulty one, a key or a disk that is missing.
/// A cache must not keep its app from starting, so the listeners are bound and /startupz says yes, while /v1 answers 503
/// with the reason.
/// </summary>
internal static partial class WaitingRoom
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    // Secrets and disks change without a trace in the policy's folder.
    private const int LooksBeforeTryingAnyway = 10;

    /// <summary>Returns when it is worth trying again, or when told to stop.</summary>
    public static async Task StayAsync(RunOptions options, StartFault fault, TimeProvider time, CancellationToken stop)
    {
        using var loggers = Logging.Create(options.LogLevel, options.JsonLogs);
        LogWaiting(loggers.CreateLogger("TierOperator.Sidecar"), fault.Message);
        var guard = new HostGuard(options.AllowedHosts);
        using var admin = await Listener.StartAsync("admin", options.Admin, null, options.Connections, new WaitingApplication(guard, fault.Message, isAdmin: true), loggers);
        using var api = await Listener.StartAsync("api", options.Api, options.UnixSocket, options.Connections, new WaitingApplication(guard, fault.Message, isAdmin: false), loggers);
        var before = Content(options);
        using var timer = new PeriodicTimer(s_look, time);
        try
        {
            for (var look = 0; look < LooksBeforeTryingAnyway && Content(options) == before; look++) await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }

        await api.StopAsync(new CancellationToken(canceled: true));
        await admin.StopAsync(new CancellationToken(canceled: true));
    }

    private static string? Content(RunOptions options)
    {
        try
        {
            return Convert.ToBase64String(PolicyFolder.Read(options.PolicyPath, options.PodUid));
        }
        catch (StartFault)
        {
            return null;
        }
    }

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "Waiting, and answering 503: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string reason);
}

/// <summary>Both ports of a sidecar that waits.</summary>
internal sealed class WaitingApplication(HostGuard guard, string reason, bool isAdmin) : IHttpApplication<IFeatureCollection>
{
    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public void DisposeContext(IFeatureCollection context, Exception? exception) { }

    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        var http = new DefaultHttpContext(context);
        var headers = http.Request.Headers;
        if (guard.Check(headers.Host, headers.Origin, http.Connection.LocalIpAddress) is { } foreign) return foreign.WriteAsync(http);
        return isAdmin ? AnswerAdminAsync(http) : Problems.NothingToRun(reason).WriteAsync(http);
    }

    private Task AnswerAdminAsync(HttpContext http) => http.Request.Path.Value switch
    {
        "/livez" or "/startupz" or "/metrics" => http.Response.WriteAsync(""),
        "/status" => WriteStatusAsync(http, 200),
        "/readyz" => WriteStatusAsync(http, 503),
        _ => Problems.NoRoute().WriteAsync(http),
    };

    private Task WriteStatusAsync(HttpContext http, int status) => JsonAnswer.WriteAsync(http, status, json =>
    {
        json.WriteString("phase", "Waiting");
        json.WriteNull("policy");
        json.WriteString("reason", reason);
    });
}
