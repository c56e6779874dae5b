using TierOperator.Manager.Desired;

namespace TierOperator.Manager.Hosting;

/// <summary>How the manager runs: every setting of <c>tier-operator run</c>, read and checked.</summary>
internal sealed record ManagerOptions
{
    /// <summary>The operator's own namespace: its Lease, its certificates; never injected.</summary>
    public required string Namespace { get; init; }

    /// <summary>This replica, unique among them: the pod's name.</summary>
    public required string Identity { get; init; }
    public required string SidecarImage { get; init; }
    public string? SidecarPullPolicy { get; init; }
    public int WebhookPort { get; init; } = 9443;
    public int HealthPort { get; init; } = 8080;

    /// <summary>The Service that the API server calls webhooks by.</summary>
    public string WebhookService { get; init; } = "tier-operator-webhook";

    /// <summary>The name of both webhook configurations.</summary>
    public string WebhookConfiguration { get; init; } = "tier-operator";

    /// <summary>For development: the address at which an API server reaches this process; null to go by the Service.</summary>
    public Uri? WebhookUrl { get; init; }
    public string CertificateSecret { get; init; } = "tier-operator-certificates";
    public string LeaseName { get; init; } = "tier-operator";
    public bool JsonLogs { get; init; }
    public BackendSettings Backends { get; init; } = new();

    /// <summary>The names that the webhook's certificate is for.</summary>
    public IReadOnlyList<string> WebhookHosts => WebhookUrl is { } url
        ? [url.Host]
        : [$"{WebhookService}.{Namespace}.svc", $"{WebhookService}.{Namespace}.svc.{Backends.ClusterDomain}", $"{WebhookService}.{Namespace}"];
}
