using System.Security.Cryptography.X509Certificates;
using TierOperator.Manager.Certificates;
using TierOperator.Manager.Hosting;
using TierOperator.Manager.Metrics;

namespace TierOperator.Manager.Webhooks;

/// <summary>
/// Calls the webhook as the API server does: by its Service's name, trusting the published bundle and nothing else. A
/// wrong name, an expired leaf or a bundle without the signing authority shows here before a pod is missed.
/// </summary>
internal sealed partial class SelfProbe(CertificateKeeper certificates, ManagerOptions options, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private bool? _answered;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(s_beat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken)) Tell(await ProbeAsync(Address(), cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    /// <summary>Null when it answers; else why not.</summary>
    public async Task<string?> ProbeAsync(Uri address, CancellationToken cancellationToken)
    {
        if (certificates.Bundle is not { } bundle) return "there is no certificate yet";
        using var handler = new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            errors is System.Net.Security.SslPolicyErrors.None or System.Net.Security.SslPolicyErrors.RemoteCertificateChainErrors && IsTrusted(certificate, bundle);
        using var http = new HttpClient(handler) { Timeout = s_patience };
        try
        {
            using var answer = await http.GetAsync(address, cancellationToken);
            return answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}";
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return error.InnerException?.Message ?? error.Message;
        }
    }

    private Uri Address() => options.WebhookUrl is { } url
        ? new Uri(url, WebhookServer.ProbePath)
        : new Uri($"https://{options.WebhookHosts[0]}{WebhookServer.ProbePath}");

    private static bool IsTrusted(X509Certificate? certificate, string bundle)
    {
        if (certificate is not X509Certificate2 leaf) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(bundle);
        return chain.Build(leaf);
    }

    // Only a change is news; the metric says the rest.
    private void Tell(string? fault)
    {
        ManagerMeter.Probed(fault is null);
        if (_answered == (fault is null)) return;
        _answered = fault is null;
        if (fault is null) LogAnswers(log);
        else LogSilent(log, fault);
    }

    [LoggerMessage(EventId = 4302, Level = LogLevel.Information, Message = "The webhook answers through its Service")]
    private static partial void LogAnswers(ILogger logger);

    [LoggerMessage(EventId = 4303, Level = LogLevel.Warning, Message = "The webhook does not answer through its Service, pods may be missed: {Reason}")]
    private static partial void LogSilent(ILogger logger, string reason);
}
