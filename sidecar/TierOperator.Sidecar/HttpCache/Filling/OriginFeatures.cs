using System.Collections;
using Microsoft.AspNetCore.Http.Features;

namespace TierOperator.Sidecar.HttpCache.Filling;

/// <summary>
/// The features of one request of the cache's own. A dozen at most, each looked up several times on its way: a row that is searched
/// from its start costs a fraction of the framework's dictionary. One user.
/// </summary>
internal sealed class OriginFeatures : IFeatureCollection
{
    private KeyValuePair<Type, object>[] _row = new KeyValuePair<Type, object>[12];
    private int _count;

    public bool IsReadOnly => false;
    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            var at = PlaceOf(key);
            return at < 0 ? null : _row[at].Value;
        }

        set
        {
            Revision++;
            var at = PlaceOf(key);
            if (value is null) Remove(at);
            else if (at >= 0) _row[at] = new(key, value);
            else Add(key, value);
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _row.Take(_count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int PlaceOf(Type key)
    {
        for (var i = 0; i < _count; i++)
            if (ReferenceEquals(_row[i].Key, key)) return i;
        return -1;
    }

    private void Add(Type key, object value)
    {
        if (_count == _row.Length) Array.Resize(ref _row, _count * 2);
        _row[_count++] = new(key, value);
    }

    private void Remove(int at)
    {
        if (at < 0) return;
        _row[at] = _row[--_count];
        _row[_count] = default;
    }
}
