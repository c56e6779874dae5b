using System.Globalization;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.TestKit.Storage;

/// <summary>
/// Everything a fake API server holds. One lock for all: writes are short. Objects are shared, so their bodies are never
/// changed. Thread-safe.
/// </summary>
public sealed class ClusterState(TimeProvider time)
{
    private readonly Dictionary<(string Group, string Version, string Plural), ResourceTable> _tables = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 1;

    /// <summary>Writes that changed something.</summary>
    public long Writes { get; private set; }

    public long Version
    {
        get
        {
            lock (_lock) return _version;
        }
    }

    /// <summary>Ends with the next write.</summary>
    public Task NextWrite
    {
        get
        {
            lock (_lock) return _written.Task;
        }
    }

    internal IReadOnlyList<ResourceTable> Tables
    {
        get
        {
            lock (_lock) return [.. _tables.Values];
        }
    }

    public void Register(ResourceType type, bool hasStatus)
    {
        lock (_lock) _tables.TryAdd((type.Group, type.Version, type.Plural), new ResourceTable(type, hasStatus));
    }

    internal ResourceTable Table(string group, string version, string plural)
    {
        lock (_lock)
            return _tables.GetValueOrDefault((group, version, plural)) ?? throw new ApiProblemException(404, "NotFound", "the server could not find the requested resource");
    }

    /// <summary>Reads under the lock.</summary>
    internal TResult Read<TResult>(Func<long, TResult> read)
    {
        lock (_lock) return read(_version);
    }

    /// <summary>Forgets all events until now, as etcd does after some minutes.</summary>
    public void Compact()
    {
        lock (_lock)
            foreach (var table in _tables.Values) table.Compact(_version);
    }

    /// <summary>Makes an object. Its metadata is completed as the server does.</summary>
    internal StoredObject Create(ResourceTable table, JsonObject body, FieldOwners owners, bool dryRun)
    {
        lock (_lock)
        {
            var metadata = ObjectRules.PrepareNew(table, body, time.GetUtcNow());
            var key = new ObjectKey(metadata["namespace"]?.GetValue<string>() ?? "", metadata["name"]!.GetValue<string>());
            CheckNamespace_NeedsLock(table, key);
            if (table.Find(key) is not null) throw new ApiProblemException(409, "AlreadyExists", $"{table.Type} \"{key.Name}\" already exists");
            metadata["resourceVersion"] = Text(dryRun ? _version : ++_version);
            var made = new StoredObject(body, owners);
            if (!dryRun) Commit_NeedsLock(() => table.Put(made, _version));
            return made;
        }
    }

    /// <summary>Changes an object; a change that changes nothing makes no version. Null where the object is not there.</summary>
    internal StoredObject? Update(ResourceTable table, ObjectKey key, Func<StoredObject, (JsonObject Body, FieldOwners Owners)> change, bool isStatus, bool dryRun)
    {
        lock (_lock)
        {
            if (table.Find(key) is not { } before) return null;
            var (body, owners) = change(before);
            ObjectRules.Restrict(table, before, body, isStatus);
            if (JsonNode.DeepEquals(before.Body, body) && before.Owners.Managers.Order().SequenceEqual(owners.Managers.Order())) return before;
            ((JsonObject)body["metadata"]!)["resourceVersion"] = Text(dryRun ? _version : ++_version);
            var after = new StoredObject(body, owners);
            if (dryRun) return after;
            var isEnd = after.IsBeingDeleted && !ObjectRules.HasFinalizers(after);
            Commit_NeedsLock(() => { if (isEnd) table.Remove(after, _version); else table.Put(after, _version); });
            return after;
        }
    }

    /// <summary>Deletes an object, or marks it where finalizers hold it. Null where it is not there.</summary>
    internal StoredObject? Delete(ResourceTable table, ObjectKey key, string? uid)
    {
        lock (_lock)
        {
            if (table.Find(key) is not { } before) return null;
            if (uid is not null && uid != before.Uid) throw ApiProblemException.Conflict($"{table.Type} \"{key.Name}\"");
            var holds = ObjectRules.HasFinalizers(before) || table.Type.Plural == "namespaces";
            if (holds && before.IsBeingDeleted) return before;
            var body = (JsonObject)before.Body.DeepClone();
            var metadata = (JsonObject)body["metadata"]!;
            metadata["resourceVersion"] = Text(++_version);
            if (holds) ObjectRules.MarkDeleted(body, time.GetUtcNow());
            var last = new StoredObject(body, before.Owners);
            Commit_NeedsLock(() => { if (holds) table.Put(last, _version); else table.Remove(last, _version); });
            return last;
        }
    }

    private void CheckNamespace_NeedsLock(ResourceTable table, ObjectKey key)
    {
        if (!table.Type.IsNamespaced) return;
        var home = _tables[("", "v1", "namespaces")].Find(ObjectKey.OfCluster(key.Namespace)) ?? throw ApiProblemException.NotFound($"namespaces \"{key.Namespace}\"");
        if (home.IsBeingDeleted)
            throw new ApiProblemException(403, "Forbidden", $"{table.Type} \"{key.Name}\" is forbidden: unable to create new content in namespace {key.Namespace} because it is being terminated");
    }

    private void Commit_NeedsLock(Action write)
    {
        write();
        Writes++;
        var written = _written;
        _written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        written.SetResult();
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}
