using TierOperator.Sidecar.Http.Calls;

namespace TierOperator.Sidecar.Http;

/// <summary>Every call of the API. The OpenAPI document lists the same ones; a test compares the two.</summary>
internal static class ApiCalls
{
    private const string Item = "/v1/sessions/{session}/items/{item}";
    private const string Session = "/v1/sessions/{session}";

    public static CallTable Create() => new(
    [
        new("GET", Item, "readItem", ItemCalls.ReadAsync),
        new("HEAD", Item, "headItem", ItemCalls.ReadAsync),
        new("PUT", Item, "putItem", ItemCalls.PutAsync),
        new("DELETE", Item, "deleteItem", ItemCalls.DeleteAsync),
        new("GET", Session, "readSession", SessionReadCall.ReadAsync) { Query = ["items", "view"] },
        new("PUT", Session, "replaceSession", SessionWriteCalls.ReplaceAsync),
        new("PATCH", Session, "mergeSession", SessionWriteCalls.MergeAsync),
        new("DELETE", Session, "deleteSession", SessionWriteCalls.DeleteAsync),
        new("POST", Session + "/load", "loadSession", MoveCalls.LoadAsync),
        new("POST", Session + "/evict", "evictSession", MoveCalls.EvictAsync),
        new("POST", Session + "/touch", "touchSession", MoveCalls.TouchAsync),
        new("POST", Session + "/migrate", "migrateSession", MoveCalls.MigrateAsync),
        new("GET", "/v1/sessions", "listSessions", ListCall.ListAsync) { Query = ["prefix", "tier", "limit", "cursor"] },
        new("POST", "/v1/batch", "batch", BatchCall.RunAsync),
        new("GET", "/v1/search", "search", SearchCall.SearchAsync) { Query = ["q", "limit"] },
        new("GET", "/v1/dead-letters", "listDeadLetters", DeadLetterCalls.ListAsync),
        new("POST", "/v1/dead-letters/{letter}/retry", "retryDeadLetter", DeadLetterCalls.RetryAsync),
        new("DELETE", "/v1/dead-letters/{letter}", "dropDeadLetter", DeadLetterCalls.DropAsync),
        new("DELETE", "/v1/subjects/{subject}", "eraseSubject", SubjectCalls.EraseAsync),
        new("GET", "/v1/subjects/{subject}/export", "exportSubject", SubjectCalls.ExportAsync),
        new("POST", "/v1/retention/run", "runRetention", RetentionCall.RunAsync) { Query = ["dryRun"] },
        new("GET", "/v1/checkpoints", "listCheckpoints", CheckpointCalls.ListAsync),
        new("POST", "/v1/checkpoints", "createCheckpoint", CheckpointCalls.CreateAsync),
        new("POST", "/v1/checkpoints/{checkpoint}/restore", "restoreCheckpoint", CheckpointCalls.RestoreAsync),
        new("POST", "/v1/storage/compact", "compactStorage", StorageCall.CompactAsync),
        new("GET", "/v1/status", "readStatus", StatusCalls.StatusAsync),
        new("GET", "/v1/stats", "readStats", StatusCalls.StatsAsync),
        new("GET", "/v1/policy", "readPolicy", StatusCalls.PolicyAsync),
        new("GET", "/v1/explain", "explain", ExplainCall.ExplainAsync) { Query = ["session", "item"] },
        new("GET", "/v1/routes", "listRoutes", RouteCalls.ListAsync),
        new("POST", "/v1/purge", "purge", RouteCalls.PurgeAsync),
        new("GET", "/v1/openapi.json", "readOpenApi", OpenApiCall.ReadAsync),
    ]);
}
