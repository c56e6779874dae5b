using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Controllers;
using TierOperator.Kubernetes.Events;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Leadership;
using TierOperator.Kubernetes.Metrics;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Certificates;
using TierOperator.Manager.Injection;
using TierOperator.Manager.Metrics;
using TierOperator.Manager.Names;
using TierOperator.Manager.Pods;
using TierOperator.Manager.Policies;
using TierOperator.Manager.Reconciling;
using TierOperator.Manager.Statuses;
using TierOperator.Manager.Webhooks;
using TierOperator.Sidecar.Metrics;

namespace TierOperator.Manager.Hosting;

/// <summary>
/// One replica of the operator. Every replica keeps its caches warm and serves webhooks; the leader alone reconciles and
/// asks sidecars.
/// </summary>
internal sealed class ManagerHost : IAsyncDisposable
{
    // A watch lives at most ten minutes, so silence beyond that is a loop that stands still.
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromMinutes(12);
    private readonly KubeClient _client;
    private readonly ManagerOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly Informer<RawObject> _policies;
    private readonly Informer<PodRecord> _pods;
    private readonly Informer<MetadataObject> _namespaces;
    private readonly OwnedObjects _owned = new();
    private readonly CertificateKeeper _certificates;
    private readonly EventRecorder _events;
    private readonly Controller<RawObject> _controller;
    private readonly SidecarPoller _poller;
    private readonly MeterCollector _metrics = new(KubernetesMeter.Name, ManagerMeter.Name);
    private readonly TimeProvider _time;
    private LeaderElector? _elector;

    public ManagerHost(KubeClient client, ManagerOptions options, ClusterFacts facts, TimeProvider time, ILoggerFactory loggers)
    {
        (_client, _options, _loggers, _time) = (client, options, loggers, time);
        var log = Log("Informers");
        _policies = new Informer<RawObject>(client, RawObject.View(PolicyCatalog.Type), ListScope.Everything, log);
        _pods = new Informer<PodRecord>(client, PodRecord.View, ListScope.Everything, log);
        _namespaces = new Informer<MetadataObject>(client, MetadataObject.View(ResourceTypes.Namespaces), ListScope.Everything, log);
        foreach (var type in facts.Offered) _owned.Add(new Informer<RawObject>(client, RawObject.View(type), OwnedObjects.Scope, log));
        var catalog = new PolicyCatalog(_policies);
        var injection = new InjectionSettings(options.SidecarImage, options.SidecarPullPolicy, facts.HasNativeSidecars, options.Namespace);
        var finder = new PodFinder(_pods.Store, _namespaces.Store, catalog, injection);
        _certificates = new CertificateKeeper(client, options, time, Log("Certificates"));
        _events = new EventRecorder(client, "tieroperator.io/tier-operator", options.Identity, Log("Events"));
        _poller = new SidecarPoller(_pods, key => _controller!.Queue.Add(key), time, Log("Sidecars"));
        var applier = new ObjectApplier(client, _owned);
        var parts = new ReconcilerParts(client, catalog, _owned, time)
        {
            Applier = applier, Pods = finder, Poller = _poller, Events = _events,
            Backends = new BackendReconciler(client, applier, _owned, new GeneratedSecrets(client, time), new PostgresRestores(client, applier, _owned, _pods.Store, _events), options.Backends),
            Evictions = new PodEvictions(client, _events, time),
        };
        _controller = new Controller<RawObject>(client, _policies, new PolicyReconciler(parts), new ControllerOptions("tierpolicy"), Log("Controller"), new PolicyFinalizer(client, catalog, _events));
        foreach (var informer in _owned.Informers) _controller.Owns(informer);
        _controller.Watch(_pods, pod => PoliciesOf(pod, catalog, finder));
        Webhooks = new WebhookServer(options.WebhookPort, _certificates, new InjectionWebhook(catalog, finder.NamespaceAsks, injection, _events), new PolicyWebhook(), Log("Webhooks"));
        Health = new HealthServer(options.HealthPort, Dead, Unready, _metrics);
        ManagerMeter.Announce();
    }

    public WebhookServer Webhooks { get; }

    public HealthServer Health { get; }

    /// <summary>Kinds of what the operator makes, as far as a server may lack them.</summary>
    public static IReadOnlyList<ResourceType> Kinds { get; } =
    [
        ResourceTypes.ConfigMaps, ResourceTypes.Secrets, ResourceTypes.Services, ResourceTypes.PersistentVolumeClaims, ResourceTypes.StatefulSets,
        ResourceTypes.PodDisruptionBudgets, ResourceTypes.NetworkPolicies, ResourceTypes.Jobs, ResourceTypes.CronJobs,
        Desired.Postgres.CloudNativeCluster.Type,
    ];

    /// <summary>Runs until it is told to stop, true; or until it lost the lead, false, and the process should end.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Health.StartAsync(cancellationToken);
        await Webhooks.StartAsync(cancellationToken);
        _elector = new LeaderElector(_client, new LeaderElectionOptions(_options.Namespace, _options.LeaseName, _options.Identity), Log("Leadership"));
        List<Task> background =
        [
            _policies.RunAsync(all.Token), _pods.RunAsync(all.Token), _namespaces.RunAsync(all.Token), _events.RunAsync(all.Token),
            _certificates.RunAsync(() => _elector.IsLeader, all.Token), new SelfProbe(_certificates, _options, _time, Log("Webhooks")).RunAsync(all.Token),
        ];
        background.AddRange(_owned.Informers.Select(informer => informer.RunAsync(all.Token)));
        try
        {
            return await _elector.RunAsync(LeadAsync, cancellationToken);
        }
        finally
        {
            await all.CancelAsync();
            await Task.WhenAll(background);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Webhooks.DisposeAsync();
        await Health.DisposeAsync();
        _controller.Dispose();
        _poller.Dispose();
        _certificates.Dispose();
        _metrics.Dispose();
    }

    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        if (_options.WebhookUrl is { } url) await RegisterAsync(url, cancellationToken);
        _certificates.Wake();
        await Task.WhenAll(_controller.RunAsync(cancellationToken), _poller.RunAsync(cancellationToken));
    }

    // Outside the cluster no chart has made the configurations.
    private async Task RegisterAsync(Uri url, CancellationToken cancellationToken)
    {
        await _certificates.LookAsync(leads: true, cancellationToken);
        var options = new ApplyOptions(WellKnown.FieldManager);
        await _client.ApplyAsync(ResourceTypes.MutatingWebhooks, WebhookConfigurations.Mutating(_options, url, _certificates.Bundle!), options, cancellationToken);
        await _client.ApplyAsync(ResourceTypes.ValidatingWebhooks, WebhookConfigurations.Validating(_options, url, _certificates.Bundle!), options, cancellationToken);
    }

    // A pod concerns the policy that it runs, the one whose backend it is, and every policy that selects it.
    private static IEnumerable<ObjectKey> PoliciesOf(PodRecord pod, PolicyCatalog catalog, PodFinder finder)
    {
        if (pod.Metadata.Labels.ContainsKey(WellKnown.Component) && pod.Metadata.Labels.GetValueOrDefault(WellKnown.Owner) is { } owner)
        {
            foreach (var policy in catalog.In(pod.Metadata.Namespace))
                if (ObjectNames.LabelValue(policy.Name) == owner) yield return new ObjectKey(policy.Namespace, policy.Name);
        }
        else if (pod.Policy is { } running) yield return new ObjectKey(pod.Metadata.Namespace, running);
        else if (pod.Metadata.Labels.ContainsKey(WellKnown.Inject) || finder.NamespaceAsks(pod.Metadata.Namespace))
            foreach (var policy in catalog.In(pod.Metadata.Namespace))
                if (policy.Name == pod.Metadata.Labels.GetValueOrDefault(WellKnown.Policy) || (policy.Running is not null && LabelSelector.Matches(policy.RunningSpec.Selector, pod.Metadata.Labels)))
                    yield return new ObjectKey(policy.Namespace, policy.Name);
    }

    private string? Dead() => new[] { _policies.Silence, _pods.Silence, _namespaces.Silence }.Max() is var silence && silence > s_longestSilence
        ? $"the API server has told nothing for {silence.TotalMinutes:0} minutes" : null;

    private string? Unready() =>
        !_policies.IsSynced || !_pods.IsSynced || !_namespaces.IsSynced || _owned.Informers.Any(informer => !informer.IsSynced) ? "the caches are not in step yet"
        : _certificates.Served is null ? "there is no certificate for the webhook yet" : null;

    private ILogger Log(string part) => _loggers.CreateLogger($"TierOperator.Manager.{part}");
}
