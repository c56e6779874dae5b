using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using TierOperator.Kubernetes.TestKit.Storage;

namespace TierOperator.Kubernetes.TestKit.Serving;

/// <summary>POST, PUT, PATCH in its kinds, and DELETE.</summary>
internal sealed class WriteRequests(ClusterState state)
{
    public async Task CreateAsync(HttpContext context, ResourceTable table, ApiPath path)
    {
        var body = await ReadAsync<JsonObject>(context);
        if (path.Subresource == "eviction")
        {
            _ = state.Delete(table, path.Key, null) ?? throw ApiProblemException.NotFound($"{table.Type} \"{path.Name}\"");
            await WriteAsync(context, 201, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Success" });
            return;
        }

        SetNamespace(body, path);
        var made = state.Create(table, body, FieldOwners.CreatedBy(ManagerOf(context)), IsDryRun(context));
        await WriteAsync(context, 201, made);
    }

    public async Task ReplaceAsync(HttpContext context, ResourceTable table, ApiPath path)
    {
        var body = await ReadAsync<JsonObject>(context);
        await UpdateAsync(context, table, path, _ => body);
    }

    public async Task PatchAsync(HttpContext context, ResourceTable table, ApiPath path)
    {
        var type = context.Request.ContentType ?? "";
        if (type.StartsWith("application/apply-patch+yaml", StringComparison.Ordinal))
        {
            await ApplyAsync(context, table, path);
        }
        else if (type.StartsWith("application/json-patch+json", StringComparison.Ordinal))
        {
            var operations = await ReadAsync<JsonArray>(context);
            await UpdateAsync(context, table, path, before => Patched(before, operations));
        }
        else if (type.StartsWith("application/merge-patch+json", StringComparison.Ordinal))
        {
            var patch = await ReadAsync<JsonObject>(context);
            await UpdateAsync(context, table, path, before => (JsonObject)JsonPatches.Merge(before.Body.DeepClone(), patch)!);
        }
        else
        {
            throw new ApiProblemException(415, "UnsupportedMediaType", $"the body of the request was in an unknown format: {type}");
        }
    }

    public async Task DeleteAsync(HttpContext context, ResourceTable table, ApiPath path)
    {
        var options = context.Request.ContentLength is null or 0 ? [] : await ReadAsync<JsonObject>(context);
        var last = state.Delete(table, path.Key, options["preconditions"]?["uid"]?.GetValue<string>()) ?? throw ApiProblemException.NotFound($"{table.Type} \"{path.Name}\"");
        await WriteAsync(context, 200, last);
    }

    private static JsonObject Patched(StoredObject before, JsonArray operations)
    {
        try
        {
            return (JsonObject)JsonPatches.Apply(before.Body.DeepClone(), operations);
        }
        catch (FormatException error)
        {
            throw ApiProblemException.Invalid("the server rejected our request due to an error in our request: " + error.Message);
        }
    }

    private async Task ApplyAsync(HttpContext context, ResourceTable table, ApiPath path)
    {
        var applied = await ReadAsync<JsonObject>(context);
        var manager = context.Request.Query["fieldManager"].ToString();
        if (manager.Length == 0) throw ApiProblemException.Invalid("fieldManager: Required value: is required for apply patch");
        if (applied["metadata"] is not JsonObject metadata) throw ApiProblemException.BadRequest("metadata is required");
        if (metadata["managedFields"] is not null) throw ApiProblemException.BadRequest("metadata.managedFields must be nil");
        var force = context.Request.Query["force"] == "true";
        var isStatus = path.Subresource == "status";
        // A status that is applied through /status owns nothing else; applied to the object itself it is ignored.
        var wanted = (JsonObject)applied.DeepClone();
        foreach (var name in applied.Select(field => field.Key).Where(name => isStatus ? name is not ("status" or "metadata") : name == "status" && table.HasStatus)) wanted.Remove(name);
        if (isStatus) wanted["metadata"] = new JsonObject();
        var manages = isStatus ? manager + "/status" : manager;
        var changed = state.Update(table, path.Key, before => ServerSideApply.Apply(before, wanted, manages, force), isStatus, IsDryRun(context));
        if (changed is null && isStatus) throw ApiProblemException.NotFound($"{table.Type} \"{path.Name}\"");
        if (changed is not null)
        {
            await WriteAsync(context, 200, changed);
            return;
        }

        metadata["name"] = path.Name;
        SetNamespace(applied, path);
        var (body, owners) = ServerSideApply.Apply(null, applied, manager, force);
        ((JsonObject)body["metadata"]!)["name"] = path.Name;
        await WriteAsync(context, 201, state.Create(table, body, owners, IsDryRun(context)));
    }

    private async Task UpdateAsync(HttpContext context, ResourceTable table, ApiPath path, Func<StoredObject, JsonObject> change)
    {
        var manager = ManagerOf(context);
        var changed = state.Update(
            table, path.Key,
            before =>
            {
                var after = change(before);
                return (after, before.Owners.AfterWrite(manager, before.Body, after));
            },
            path.Subresource == "status", IsDryRun(context));
        await WriteAsync(context, 200, changed ?? throw ApiProblemException.NotFound($"{table.Type} \"{path.Name}\""));
    }

    private static void SetNamespace(JsonObject body, ApiPath path)
    {
        if (body["metadata"] is not JsonObject metadata) throw ApiProblemException.Invalid("metadata: Required value");
        if (path.Namespace.Length == 0) metadata.Remove("namespace");
        else metadata["namespace"] = path.Namespace;
    }

    private static bool IsDryRun(HttpContext context) => context.Request.Query["dryRun"] == "All";

    private static string ManagerOf(HttpContext context) => context.Request.Query["fieldManager"].ToString() is { Length: > 0 } manager
        ? manager
        : context.Request.Headers.UserAgent.ToString().Split('/', ' ')[0];

    private static async Task<T> ReadAsync<T>(HttpContext context) where T : JsonNode
    {
        try
        {
            return await JsonNode.ParseAsync(context.Request.Body) as T ?? throw ApiProblemException.BadRequest("the body is of another form");
        }
        catch (JsonException error)
        {
            throw ApiProblemException.BadRequest("error decoding the body: " + error.Message);
        }
    }

    private static async Task WriteAsync(HttpContext context, int status, StoredObject item)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(item.Utf8(false));
    }

    private static async Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString());
    }
}
