using TierOperator.Kubernetes.Admission;
using TierOperator.Manager.Certificates;

namespace TierOperator.Manager.Webhooks;

/// <summary>The HTTPS port that the API server calls. Bodies are bounded: a pod is at most 3 MiB, so is its review twice.</summary>
internal sealed partial class WebhookServer : IAsyncDisposable
{
    public const string InjectPath = "/inject";
    public const string ValidatePath = "/validate";
    public const string ProbePath = "/probe";
    private const long MostBytes = 8 * 1024 * 1024;
    private readonly WebApplication _application;
    private readonly ILogger _log;

    public WebhookServer(int port, CertificateKeeper certificates, IMutationWebhook injection, IValidationWebhook policies, ILogger log)
    {
        _log = log;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MostBytes;
            kestrel.AddServerHeader = false;
            kestrel.ListenAnyIP(port, listen => listen.UseHttps(https => https.ServerCertificateSelector = (_, _) => certificates.Served));
        });
        _application = builder.Build();
        _application.MapPost(InjectPath, http => AnswerAsync(http, injection.MutateAsync));
        _application.MapPost(ValidatePath, http => AnswerAsync(http, policies.ValidateAsync));
        _application.MapGet(ProbePath, () => "ok");
    }

    public Task StartAsync(CancellationToken cancellationToken) => _application.StartAsync(cancellationToken);

    /// <summary>Where it listens, with the port that it really has.</summary>
    public int Port => new Uri(_application.Urls.First().Replace("[::]", "localhost", StringComparison.Ordinal)).Port;

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext http, Func<AdmissionRequest, CancellationToken, Task<AdmissionResult>> webhook)
    {
        AdmissionRequest request;
        try
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            request = AdmissionReview.Read(body.GetBuffer().AsSpan(0, (int)body.Length));
        }
        catch (FormatException error)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsync(error.Message, http.RequestAborted);
            return;
        }

        var answer = AdmissionReview.Write(request.Uid, await DecideAsync(request, webhook, http.RequestAborted));
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = answer.Length;
        await http.Response.Body.WriteAsync(answer, http.RequestAborted);
    }

    // A fault of ours is for the failurePolicy to judge, as if we were away: Ignore lets the pod in, closed does not.
    private async Task<AdmissionResult> DecideAsync(AdmissionRequest request, Func<AdmissionRequest, CancellationToken, Task<AdmissionResult>> webhook, CancellationToken cancellationToken)
    {
        try
        {
            return await webhook(request, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogFailed(_log, request.Key.Namespace, error);
            throw;
        }
    }

    [LoggerMessage(EventId = 4301, Level = LogLevel.Error, Message = "An admission in {Namespace} failed; the webhook's failurePolicy decides")]
    private static partial void LogFailed(ILogger logger, string @namespace, Exception error);
}
