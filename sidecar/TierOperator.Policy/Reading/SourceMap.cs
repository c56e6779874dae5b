using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Reading;

/// <summary>Where in the text each field stands, by its path (<c>spec.rules[2].name</c>).</summary>
internal sealed class SourceMap
{
    private readonly Dictionary<string, (SourcePosition Key, SourcePosition Value)> _places = new(StringComparer.Ordinal);

    public void Add(string path, SourcePosition key, SourcePosition value) => _places[path] = (key, value);

    /// <summary>The value's place; for a field that is not written, the nearest above it that is.</summary>
    public SourcePosition ValueAt(string path) => Find(path, out var exact) is var place && exact ? place.Value : place.Key;

    /// <summary>The place of the field's name; for a field that is not written, the nearest above it that is.</summary>
    public SourcePosition NameAt(string path) => Find(path, out _).Key;

    private (SourcePosition Key, SourcePosition Value) Find(string path, out bool exact)
    {
        exact = true;
        while (true)
        {
            if (_places.TryGetValue(path, out var place)) return place;
            exact = false;
            var cut = path.LastIndexOfAny(['.', '[']);
            if (cut <= 0) return _places.TryGetValue("", out var root) ? root : default;
            path = path[..cut];
        }
    }
}
