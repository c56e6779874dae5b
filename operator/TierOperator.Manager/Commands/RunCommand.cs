using System.CommandLine;
using System.Globalization;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Connection;
using TierOperator.Manager.Desired;
using TierOperator.Manager.Hosting;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Manager.Commands;

/// <summary><c>tier-operator run</c>: reconciles and serves webhooks until it is told to stop.</summary>
internal static class RunCommand
{
    private static readonly Option<string?> s_namespace = Text("--namespace", "POD_NAMESPACE", "The operator's own namespace.", "tier-system");
    private static readonly Option<string?> s_identity = Text("--identity", "POD_NAME", "This replica's name.", Environment.MachineName);
    private static readonly Option<string?> s_image = Text("--sidecar-image", "TIER_SIDECAR_IMAGE", "The sidecar's image.", "tier:dev");
    private static readonly Option<string?> s_pull = Text("--sidecar-pull-policy", "TIER_SIDECAR_PULL_POLICY", "Its pull policy: Always, IfNotPresent or Never.", null);
    private static readonly Option<string?> s_webhookPort = Text("--webhook-port", "TIER_WEBHOOK_PORT", "The port of the webhooks.", "9443");
    private static readonly Option<string?> s_healthPort = Text("--health-port", "TIER_HEALTH_PORT", "The port of probes and metrics.", "8080");
    private static readonly Option<string?> s_service = Text("--webhook-service", "TIER_WEBHOOK_SERVICE", "The Service that webhooks are called by.", "tier-operator-webhook");
    private static readonly Option<string?> s_configuration = Text("--webhook-configuration", "TIER_WEBHOOK_CONFIGURATION", "The name of the webhook configurations.", "tier-operator");
    private static readonly Option<string?> s_url = Text("--webhook-url", "TIER_WEBHOOK_URL", "For development: where the API server reaches this process, such as https://127.0.0.1:9443/. The webhook configurations, the kind and the namespace are then made by it.", null);
    private static readonly Option<string?> s_secret = Text("--certificate-secret", "TIER_CERTIFICATE_SECRET", "The Secret of the webhook's certificates.", "tier-operator-certificates");
    private static readonly Option<string?> s_lease = Text("--lease", "TIER_LEASE", "The Lease by which replicas agree who leads.", "tier-operator");
    private static readonly Option<string?> s_redis = Text("--redis-image", "TIER_REDIS_IMAGE", "The image of managed Redis, without its tag.", "docker.io/library/redis");
    private static readonly Option<string?> s_postgres = Text("--postgres-image", "TIER_POSTGRES_IMAGE", "The image of managed PostgreSQL, without its tag.", "docker.io/library/postgres");
    private static readonly Option<string?> s_domain = Text("--cluster-domain", "TIER_CLUSTER_DOMAIN", "The DNS suffix of Services.", "cluster.local");
    private static readonly Option<string?> s_logs = Text("--log-format", "TIER_LOG_FORMAT", "simple or json.", "simple");
    private static readonly Option<string?> s_kubeconfig = new("--kubeconfig") { Description = "The kubeconfig; without it KUBECONFIG, the pod's own account, or ~/.kube/config." };
    private static readonly Option<string?> s_context = new("--context") { Description = "The kubeconfig's context." };

    public static IReadOnlyList<Option> Options { get; } =
    [
        s_namespace, s_identity, s_image, s_pull, s_webhookPort, s_healthPort, s_service, s_configuration, s_url, s_secret, s_lease,
        s_redis, s_postgres, s_domain, s_logs, s_kubeconfig, s_context,
    ];

    public static Command Create()
    {
        var command = new Command("run", "Reconcile policies and serve webhooks until SIGTERM or SIGINT.");
        foreach (var option in Options) command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        try
        {
            var options = Read(parsed);
            var connection = ClusterConnection.Find(parsed.GetValue(s_kubeconfig), parsed.GetValue(s_context), TimeProvider.System);
            using var loggers = Logging.Create(LogLevel.Information, options.JsonLogs);
            using var client = new KubeClient(connection);
            if (options.WebhookUrl is not null) await DevelopmentCluster.PrepareAsync(client, options, TimeProvider.System, stop);
            var facts = await ClusterFacts.AskAsync(client, ManagerHost.Kinds, stop);
            await using var host = new ManagerHost(client, options, facts, TimeProvider.System, loggers);
            return await host.RunAsync(stop) ? ExitCode.Ok : ExitCode.LeadLost;
        }
        catch (Exception fault) when (fault is ConnectionException or KubeApiException or FormatException or IOException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return ExitCode.Usage;
        }
    }

    private static ManagerOptions Read(ParseResult parsed) => new()
    {
        Namespace = parsed.GetValue(s_namespace)!,
        Identity = parsed.GetValue(s_identity)!,
        SidecarImage = parsed.GetValue(s_image)!,
        SidecarPullPolicy = parsed.GetValue(s_pull) is { Length: > 0 } pull ? pull : null,
        WebhookPort = Port(parsed, s_webhookPort),
        HealthPort = Port(parsed, s_healthPort),
        WebhookService = parsed.GetValue(s_service)!,
        WebhookConfiguration = parsed.GetValue(s_configuration)!,
        WebhookUrl = parsed.GetValue(s_url) is { Length: > 0 } url ? Url(url) : null,
        CertificateSecret = parsed.GetValue(s_secret)!,
        LeaseName = parsed.GetValue(s_lease)!,
        JsonLogs = parsed.GetValue(s_logs) == "json",
        Backends = new BackendSettings(parsed.GetValue(s_redis)!, parsed.GetValue(s_postgres)!, parsed.GetValue(s_domain)!),
    };

    private static int Port(ParseResult parsed, Option<string?> option) =>
        int.TryParse(parsed.GetValue(option), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            ? port : throw new FormatException($"{option.Name} is \"{parsed.GetValue(option)}\": write a port from 0 to 65535");

    private static Uri Url(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == "https"
        ? url : throw new FormatException($"{s_url.Name} is \"{text}\": write an https address, such as https://127.0.0.1:9443/");

    private static Option<string?> Text(string name, string variable, string help, string? standard) => new(name)
    {
        Description = $"{help} [{variable}{(standard is null ? "" : $", else {standard}")}]",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : standard,
    };
}
