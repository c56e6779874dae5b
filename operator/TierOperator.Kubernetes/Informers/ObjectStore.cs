using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Informers;

/// <summary>
/// What an informer knows of the cluster. Read by anybody at any time; written by its informer alone. The objects in it
/// are immutable and are never copied.
/// </summary>
public sealed class ObjectStore<T> where T : class, IKubeObject
{
    private readonly ConcurrentDictionary<ObjectKey, T> _objects = new();

    public int Count => _objects.Count;

    public T? Find(ObjectKey key) => _objects.GetValueOrDefault(key);

    /// <summary>All objects, in no order. Weakly consistent: what changes meanwhile may be in it or not.</summary>
    public IEnumerable<T> All => _objects.Select(entry => entry.Value);

    /// <summary>The objects of a namespace, in no order.</summary>
    public IEnumerable<T> In(string @namespace) => All.Where(item => item.Metadata.Namespace == @namespace);

    internal IEnumerable<ObjectKey> Keys => _objects.Select(entry => entry.Key);

    /// <summary>Takes an object in; false when it stands there in this very version, as after a watch that was cut.</summary>
    internal bool Put(T item, [MaybeNullWhen(false)] out ObjectChange<T> change)
    {
        var old = Find(item.Metadata.Key);
        _objects[item.Metadata.Key] = item;
        var isNews = old is null || old.Metadata.ResourceVersion != item.Metadata.ResourceVersion || old.Metadata.Uid != item.Metadata.Uid;
        change = new ObjectChange<T>(old is null ? ChangeKind.Added : ChangeKind.Updated, old, item);
        return isNews;
    }

    /// <summary>Takes an object out; false when it was not there.</summary>
    internal bool Remove(ObjectKey key, [MaybeNullWhen(false)] out ObjectChange<T> change)
    {
        var was = _objects.TryRemove(key, out var old);
        change = was ? new ObjectChange<T>(ChangeKind.Deleted, old, old!) : default;
        return was;
    }
}
