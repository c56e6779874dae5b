using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>The objects of one kind, and the writes since the last compaction. Used under the cluster's lock.</summary>
public sealed class ResourceTable(ResourceType type, bool hasStatus)
{
    private readonly SortedDictionary<string, StoredObject> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<StoredObject>> _rests = [];
    private List<StoredEvent> _log = [];

    public ResourceType Type => type;

    /// <summary>Whether the status is written through /status alone.</summary>
    public bool HasStatus => hasStatus;

    /// <summary>Events up to this version are forgotten.</summary>
    public long CompactedTo { get; private set; }

    public IEnumerable<StoredObject> All => _objects.Values;

    public int Count => _objects.Count;

    public StoredObject? Find(ObjectKey key) => _objects.GetValueOrDefault(PlaceOf(key));

    public void Put(StoredObject item, long version)
    {
        var before = Find(item.Key);
        _objects[PlaceOf(item.Key)] = item;
        _log.Add(new StoredEvent(version, before, item, false));
    }

    public void Remove(StoredObject last, long version)
    {
        var before = Find(last.Key);
        _objects.Remove(PlaceOf(last.Key));
        _log.Add(new StoredEvent(version, before, last, true));
    }

    /// <summary>The events after a version, from a place in the log on; null when the version is compacted away.</summary>
    public IReadOnlyList<StoredEvent>? EventsAfter(long version)
    {
        if (version < CompactedTo) return null;
        var (low, high) = (0, _log.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_log[middle].Version <= version) low = middle + 1;
            else high = middle;
        }

        return low == _log.Count ? [] : _log.GetRange(low, _log.Count - low);
    }

    /// <summary>Keeps what a paged list has yet to send, as it stands now.</summary>
    public string KeepRest(IReadOnlyList<StoredObject> rest, long version)
    {
        var token = Convert.ToBase64String(Guid.NewGuid().ToByteArray()) + "." + version;
        _rests[token] = rest;
        return token;
    }

    /// <summary>The rest behind a token; null when it is compacted away.</summary>
    public IReadOnlyList<StoredObject>? TakeRest(string token) => _rests.Remove(token, out var rest) ? rest : null;

    public void Compact(long version)
    {
        CompactedTo = version;
        _log = [.. _log.Where(entry => entry.Version > version)];
        _rests.Clear();
    }

    private static string PlaceOf(ObjectKey key) => $"{key.Namespace}/{key.Name}";
}
