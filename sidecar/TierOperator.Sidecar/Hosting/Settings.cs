namespace TierOperator.Sidecar.Hosting;

/// <summary>Every setting of <c>tier run</c>. docs/configuration.md lists the same ones; a test compares the two.</summary>
internal static class Settings
{
    public static readonly Setting Policy = new("policy", null, "The policy file, or a folder as the operator mounts it. It is read again when it changes.");
    public static readonly Setting PodUid = new("pod-uid", null, "The pod's UID, by which a rollout of the operator's chooses pods.");
    public static readonly Setting Data = new("data", null, "The data folder of the disk tier; without one memory is the only tier.");
    public static readonly Setting ApiAddress = new("api-address", "127.0.0.1", "The address that the API listens on.");
    public static readonly Setting ApiPort = new("api-port", "7070", "The API's port; 0 takes a free one.");
    public static readonly Setting AdminAddress = new("admin-address", "127.0.0.1", "The address of metrics, health and status.");
    public static readonly Setting AdminPort = new("admin-port", "7071", "The admin port; 0 takes a free one.");
    public static readonly Setting RespAddress = new("resp-address", "127.0.0.1", "The address that the Redis protocol listens on.");
    public static readonly Setting RespPort = new("resp-port", "7379", "The Redis protocol's port; 0 takes a free one.");
    public static readonly Setting UnixSocket = new("unix-socket", null, "Serves the API on this Unix socket as well.");
    public static readonly Setting TokenFile = new("token-file", null, "Asks callers of the API for the bearer token in this file.");
    public static readonly Setting Secrets = new("secrets", null, "A folder with a folder per secret that the policy names.");
    public static readonly Setting AllowedHost = new("allowed-host", null, "A host name by which the sidecar may be called, beside localhost.") { Many = true };
    public static readonly Setting MaxBody = new("max-body", "64Mi", "The largest item.");
    public static readonly Setting MaxDocument = new("max-document", "8Mi", "The largest JSON document: a session, a patch, a batch.");
    public static readonly Setting InFlight = new("in-flight", "0", "What bodies on their way may take together; 0 is a quarter of the memory tier.");
    public static readonly Setting MaxConnections = new("max-connections", "10000", "Connections at once, per listener.");
    public static readonly Setting KeepAlive = new("keep-alive", "130s", "How long a connection may idle between requests.");
    public static readonly Setting HeadersTimeout = new("headers-timeout", "10s", "How long a client may take to send its headers.");
    public static readonly Setting MinRate = new("min-rate", "240", "The slowest that a body may move, in bytes per second.");
    public static readonly Setting Grace = new("grace", "25s", "How long a stop may take to drain and flush.");
    public static readonly Setting LogLevel = new("log-level", "Information", "Trace, Debug, Information, Warning, Error, Critical or None.");
    public static readonly Setting LogFormat = new("log-format", "simple", "simple or json.");
    public static readonly Setting OtlpEndpoint = new("otlp-endpoint", null, "Sends traces to this OTLP/HTTP collector; OTEL_EXPORTER_OTLP_ENDPOINT does too.");

    public static readonly IReadOnlyList<Setting> All =
    [
        Policy, PodUid, Data, ApiAddress, ApiPort, AdminAddress, AdminPort, RespAddress, RespPort, UnixSocket, TokenFile, Secrets, AllowedHost,
        MaxBody, MaxDocument, InFlight, MaxConnections, KeepAlive, HeadersTimeout, MinRate, Grace,
        LogLevel, LogFormat, OtlpEndpoint,
    ];
}
