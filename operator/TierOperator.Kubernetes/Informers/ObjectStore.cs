using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Informers;

/// <summary>
/// What an informer knows of the cluster, by namespace and name. Read by anybody at any time; written by its informer
/// alone. The objects in it are immutable and are never copied.
/// </summary>
public sealed class ObjectStore<T> where T : class, IKubeObject
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, T>> _byNamespace = new(StringComparer.Ordinal);
    private volatile int _count;

    public int Count => _count;

    public T? Find(ObjectKey key) => _byNamespace.TryGetValue(key.Namespace, out var objects) ? objects.GetValueOrDefault(key.Name) : null;

    /// <summary>All objects, in no order. Weakly consistent: what changes meanwhile may be in it or not.</summary>
    public IEnumerable<T> All => _byNamespace.SelectMany(space => space.Value).Select(entry => entry.Value);

    /// <summary>The objects of a namespace, in no order; those of other namespaces cost nothing.</summary>
    public IEnumerable<T> In(string @namespace) => _byNamespace.TryGetValue(@namespace, out var objects) ? objects.Select(entry => entry.Value) : [];

    internal IEnumerable<ObjectKey> Keys => All.Select(item => item.Metadata.Key);

    /// <summary>Takes an object in; false when it stands there in this very version, as after a watch that was cut.</summary>
    internal bool Put(T item, [MaybeNullWhen(false)] out ObjectChange<T> change)
    {
        var objects = _byNamespace.GetOrAdd(item.Metadata.Namespace, static _ => new ConcurrentDictionary<string, T>(1, 8, StringComparer.Ordinal));
        var old = objects.GetValueOrDefault(item.Metadata.Name);
        objects[item.Metadata.Name] = item;
        if (old is null) _count++;
        var isNews = old is null || old.Metadata.ResourceVersion != item.Metadata.ResourceVersion || old.Metadata.Uid != item.Metadata.Uid;
        change = new ObjectChange<T>(old is null ? ChangeKind.Added : ChangeKind.Updated, old, item);
        return isNews;
    }

    /// <summary>Takes an object out; false when it was not there.</summary>
    internal bool Remove(ObjectKey key, [MaybeNullWhen(false)] out ObjectChange<T> change)
    {
        T? old = null;
        var was = _byNamespace.TryGetValue(key.Namespace, out var objects) && objects.TryRemove(key.Name, out old);
        if (was) _count--;
        if (was && objects!.IsEmpty) _byNamespace.TryRemove(key.Namespace, out _);
        change = was ? new ObjectChange<T>(ChangeKind.Deleted, old, old!) : default;
        return was;
    }
}
