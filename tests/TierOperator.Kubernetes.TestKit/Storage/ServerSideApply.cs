using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>
/// Server-side apply as the API server does it: fields that are applied are set and owned, fields that were applied before
/// and are not now go away unless somebody else owns them, and a field that another owns with another value is a conflict.
/// </summary>
internal static class ServerSideApply
{
    public static (JsonObject Body, FieldOwners Owners) Apply(StoredObject? current, JsonObject applied, string manager, bool force)
    {
        var body = current?.Body.DeepClone() as JsonObject ?? [];
        var owners = current?.Owners.Explicit(current.Body) ?? FieldOwners.None;
        var (wanted, standing) = (FieldPaths.Of(applied), FieldPaths.Of(body));
        var disputed = wanted.Where(field => standing.TryGetValue(field.Key, out var value) && !JsonNode.DeepEquals(value, field.Value))
            .SelectMany(field => owners.OthersAt(field.Key, manager), (field, other) => (Path: field.Key, Other: other)).ToList();
        if (disputed.Count > 0 && !force) throw ApiProblemException.FieldConflict(disputed.Select(entry => (entry.Other, FieldPaths.Show(entry.Path))));
        foreach (var (path, other) in disputed) owners = owners.Without(other, [path]);
        foreach (var gone in owners.PathsOf(manager).Where(path => !wanted.ContainsKey(path)).OrderByDescending(path => path.Length))
            if (!owners.IsHeldByOthers(gone, manager) && !wanted.Keys.Any(path => FieldPaths.IsBelow(path, gone))) Remove(body, FieldPaths.Split(gone));
        Merge(body, applied);
        return (body, owners.With(manager, wanted.Keys));
    }

    private static void Merge(JsonObject target, JsonObject applied)
    {
        foreach (var (name, value) in applied)
        {
            if (value is JsonObject inner && target[name] is JsonObject standing) Merge(standing, inner);
            else if (value is JsonArray list && target[name] is JsonArray elements && ListKeys.IsKeyed(name, list)) MergeList(name, elements, list);
            else target[name] = value?.DeepClone();
        }
    }

    private static void MergeList(string name, JsonArray target, JsonArray applied)
    {
        foreach (var element in applied)
        {
            var key = ListKeys.NameOf(name, element);
            var standing = target.FirstOrDefault(entry => ListKeys.NameOf(name, entry) == key);
            if (standing is JsonObject there && element is JsonObject fields) Merge(there, fields);
            else if (standing is null) target.Add(element?.DeepClone());
        }
    }

    private static void Remove(JsonNode node, string[] path)
    {
        JsonNode? parent = node;
        for (var step = 0; step < path.Length - 1 && parent is not null; step++) parent = Child(parent, path[step], step == 0 ? "" : path[step - 1]);
        var (last, list) = (path[^1], path.Length > 1 ? path[^2] : "");
        if (parent is JsonObject fields) fields.Remove(last);
        else if (parent is JsonArray elements && Child(elements, last, list) is { } element) elements.Remove(element);
    }

    private static JsonNode? Child(JsonNode parent, string step, string list) => parent switch
    {
        JsonObject fields => fields[step],
        JsonArray elements => elements.FirstOrDefault(element => $"[{ListKeys.NameOf(list, element)}]" == step),
        _ => null,
    };
}
