using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>Who owns which fields of an object, by path. Immutable.</summary>
public sealed class FieldOwners
{
    private readonly ImmutableDictionary<string, ImmutableHashSet<string>> _paths;

    // Ten thousand objects that nobody applies to need no list of their paths: it is made when it is first asked for.
    private readonly string? _creator;

    private FieldOwners(ImmutableDictionary<string, ImmutableHashSet<string>> paths, string? creator) => (_paths, _creator) = (paths, creator);

    public static FieldOwners None { get; } = new(ImmutableDictionary<string, ImmutableHashSet<string>>.Empty, null);

    public static FieldOwners CreatedBy(string manager) => new(None._paths, manager);

    public IEnumerable<string> Managers => _creator is null ? _paths.Keys : _paths.Keys.Append(_creator);

    public ImmutableHashSet<string> PathsOf(string manager) => _paths.GetValueOrDefault(manager, []);

    public IEnumerable<string> OthersAt(string path, string manager) =>
        _paths.Where(entry => entry.Key != manager && entry.Value.Contains(path)).Select(entry => entry.Key);

    /// <summary>Whether anybody else owns the field or one below it.</summary>
    public bool IsHeldByOthers(string path, string manager) => _paths.Any(entry =>
        entry.Key != manager && entry.Value.Any(owned => owned == path || FieldPaths.IsBelow(owned, path)));

    public FieldOwners With(string manager, IEnumerable<string> paths) => new(_paths.SetItem(manager, [.. paths]), _creator);

    public FieldOwners Without(string manager, IEnumerable<string> paths) =>
        new(_paths.SetItem(manager, PathsOf(manager).Except(paths)), _creator);

    /// <summary>The same with the creator's paths written out.</summary>
    public FieldOwners Explicit(JsonObject body) => _creator is null ? this : new FieldOwners(_paths, null).With(_creator, FieldPaths.Of(body).Keys);

    /// <summary>What a plain write changed is the writer's from now on, and nobody else's.</summary>
    public FieldOwners AfterWrite(string manager, JsonObject before, JsonObject after)
    {
        if (_creator == manager && _paths.IsEmpty) return this;
        var owners = Explicit(before);
        var (old, current) = (FieldPaths.Of(before), FieldPaths.Of(after));
        var changed = current.Where(entry => !old.TryGetValue(entry.Key, out var value) || !JsonNode.DeepEquals(value, entry.Value)).Select(entry => entry.Key).ToList();
        var removed = old.Keys.Where(path => !current.ContainsKey(path)).ToList();
        foreach (var other in owners._paths.Keys.ToList()) owners = owners.Without(other, changed.Concat(removed));
        return owners.With(manager, owners.PathsOf(manager).Union(changed));
    }
}
