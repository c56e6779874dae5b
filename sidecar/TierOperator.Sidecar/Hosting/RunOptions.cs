using System.Globalization;
using System.Net;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Hosting;

/// <summary>How a sidecar runs: every setting read and checked.</summary>
internal sealed record RunOptions
{
    public required string PolicyPath { get; init; }
    public string? PodUid { get; init; }
    public string? DataFolder { get; init; }
    public required IPEndPoint Api { get; init; }
    public required IPEndPoint Admin { get; init; }
    public required IPEndPoint Resp { get; init; }
    public string? UnixSocket { get; init; }
    public string? TokenFile { get; init; }
    public string? SecretsFolder { get; init; }
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];
    public required ConnectionLimits Connections { get; init; }
    public required DocumentLimits Documents { get; init; }
    public long InFlightBytes { get; init; }
    public TimeSpan Grace { get; init; }
    public LogLevel LogLevel { get; init; }
    public bool JsonLogs { get; init; }
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>
    /// Reads everything but the policy itself, which is already loaded because it may set ports and log level; null while
    /// there is none to run.
    /// </summary>
    public static RunOptions Read(
        string policyPath, LoadedPolicy? policy, Func<Setting, IReadOnlyList<string>> flags, Func<string, string?> environment)
    {
        var reader = new SettingReader(flags, environment, setting => OfPolicy(policy, setting));
        var options = new RunOptions
        {
            PolicyPath = policyPath,
            PodUid = reader.Text(Settings.PodUid),
            DataFolder = reader.Text(Settings.Data),
            Api = new IPEndPoint(reader.Address(Settings.ApiAddress), reader.Port(Settings.ApiPort)),
            Admin = new IPEndPoint(reader.Address(Settings.AdminAddress), reader.Port(Settings.AdminPort)),
            Resp = new IPEndPoint(reader.Address(Settings.RespAddress), reader.Port(Settings.RespPort)),
            UnixSocket = reader.Text(Settings.UnixSocket),
            TokenFile = reader.Text(Settings.TokenFile),
            SecretsFolder = reader.Text(Settings.Secrets),
            AllowedHosts = reader.Hosts(Settings.AllowedHost),
            Connections = ReadConnections(reader),
            Documents = new DocumentLimits(Math.Min(reader.Size(Settings.MaxDocument, 1024), int.MaxValue / 2)),
            InFlightBytes = reader.Size(Settings.InFlight, 0),
            Grace = reader.Time(Settings.Grace),
            LogLevel = reader.Level(Settings.LogLevel),
            JsonLogs = reader.Choice(Settings.LogFormat, "json", "simple"),
            OtlpEndpoint = ReadOtlp(reader, environment),
        };
        reader.ThrowIfFaulty();
        return options;
    }

    private static ConnectionLimits ReadConnections(SettingReader reader) => new()
    {
        MaxBodyBytes = reader.Size(Settings.MaxBody, 1024),
        MaxConnections = reader.Int(Settings.MaxConnections, 1, 1_000_000),
        KeepAlive = reader.Time(Settings.KeepAlive),
        HeadersTimeout = reader.Time(Settings.HeadersTimeout),
        MinBytesPerSecond = reader.Int(Settings.MinRate, 1, int.MaxValue),
    };

    private static Uri? ReadOtlp(SettingReader reader, Func<string, string?> environment)
    {
        var text = reader.Text(Settings.OtlpEndpoint) ?? environment("OTEL_EXPORTER_OTLP_ENDPOINT");
        if (string.IsNullOrEmpty(text)) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new StartFault(ExitCode.Usage, $"{Settings.OtlpEndpoint.Flag} is \"{text}\": write an address such as http://localhost:4318");
    }

    private static string? OfPolicy(LoadedPolicy? policy, Setting setting)
    {
        var sidecar = policy?.Document.Spec?.Sidecar;
        if (setting == Settings.ApiPort) return Number(sidecar?.Ports?.Api);
        if (setting == Settings.AdminPort) return Number(sidecar?.Ports?.Admin);
        if (setting == Settings.RespPort) return Number(sidecar?.Ports?.Resp);
        return setting == Settings.LogLevel ? sidecar?.LogLevel?.ToString() : null;
    }

    private static string? Number(int? value) => value?.ToString(CultureInfo.InvariantCulture);
}
