using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Informers;
using TierOperator.Kubernetes.Objects;
using TierOperator.Policy.Compiled;

namespace TierOperator.Manager.Policies;

/// <summary>
/// Every policy of the cluster, read and compiled once per change, by namespace. Remembers the last good form of each, so
/// that a faulty change neither stops injection nor loses what runs. Thread-safe; the informer alone writes.
/// </summary>
internal sealed class PolicyCatalog
{
    public static ResourceType Type { get; } = new("tieroperator.io", "v1alpha1", "tierpolicies", "TierPolicy");

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, PolicyObject>> _byNamespace = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ObjectKey, CompiledPolicy> _seeds = new();

    public PolicyCatalog(Informer<RawObject> policies) => policies.Subscribe(Take);

    public IEnumerable<PolicyObject> In(string @namespace) =>
        _byNamespace.TryGetValue(@namespace, out var policies) ? policies.Values : [];

    public PolicyObject? Find(ObjectKey key) =>
        _byNamespace.TryGetValue(key.Namespace, out var policies) ? policies.GetValueOrDefault(key.Name) : null;

    /// <summary>What ran before this process started, read back from what was published.</summary>
    public void Seed(ObjectKey key, CompiledPolicy lastGood)
    {
        _seeds[key] = lastGood;
        if (_byNamespace.TryGetValue(key.Namespace, out var policies) && policies.TryGetValue(key.Name, out var policy) && policy.Running is null)
            policies.TryUpdate(key.Name, policy with { LastGood = lastGood }, policy);
    }

    private void Take(ObjectChange<RawObject> change)
    {
        var key = change.Current.Metadata.Key;
        if (change.Kind == ChangeKind.Deleted)
        {
            _seeds.TryRemove(key, out _);
            if (_byNamespace.TryGetValue(key.Namespace, out var left)) left.TryRemove(key.Name, out _);
            return;
        }

        var policies = _byNamespace.GetOrAdd(key.Namespace, static _ => new(StringComparer.Ordinal));
        var before = policies.GetValueOrDefault(key.Name);
        var isSame = before is not null && before.Uid == change.Current.Metadata.Uid && before.Generation == change.Current.Metadata.Generation && before.Generation > 0;

        // A new status or label does not make another document: what is compiled stays, and so does its memory.
        var policy = PolicyObject.Read(JsonObject.Create(change.Current.Body)!, isSame ? before!.Loaded : null);
        policies[key.Name] = policy with { LastGood = before?.Uid == policy.Uid ? before.Running : _seeds.GetValueOrDefault(key) };
    }
}
