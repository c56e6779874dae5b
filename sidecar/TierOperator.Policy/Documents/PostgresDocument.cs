using TierOperator.Policy.Compiled;
using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>The PostgreSQL tier.</summary>
public sealed record PostgresDocument
{
    [Field("How long a session stays after its last access.", Default = "90d", Min = "1s")]
    public Duration? Retention { get; init; }

    [Field("How values are compressed; Auto decides by size and measured gain.", Default = "Auto")]
    public CompressionKind? Compression { get; init; }

    [Field("How long an answer may take before the tier counts as away.", Default = "200ms", Min = "1ms", Max = "5m")]
    public Duration? Timeout { get; init; }

    [Field("The connections of one sidecar.", Default = "{}")]
    public PoolDocument? Pool { get; init; }

    [Field("Full-text search over JSON and text items.", Default = "false")]
    public bool? Search { get; init; }

    [Field("A PostgreSQL that the operator runs. Exactly one of managed, external and cloudNativePG.")]
    public ManagedPostgresDocument? Managed { get; init; }

    [Field("A PostgreSQL that somebody else runs. Exactly one of managed, external and cloudNativePG.")]
    public ExternalPostgresDocument? External { get; init; }

    [Field("A Cluster of the CloudNativePG operator. Exactly one of managed, external and cloudNativePG.")]
    public CloudNativePostgresDocument? CloudNativePG { get; init; }
}

/// <summary>The connections of one sidecar.</summary>
public sealed record PoolDocument
{
    [Field("The most connections.", Default = "2", Min = "1", Max = "100")]
    public int? Max { get; init; }

    [Field("An unused connection is closed after this.", Default = "30s", Min = "1s", Max = "1d")]
    public Duration? Idle { get; init; }
}

/// <summary>A PostgreSQL that the operator runs.</summary>
public sealed record ManagedPostgresDocument
{
    [Field("The server's major version. A change is refused, with the steps to take.", Default = "15", Pattern = "^[0-9]{2}$", PatternHint = "a major version such as \"15\"")]
    public string? Version { get; init; }

    [Field("The size of its volume.", Default = "10Gi", Min = "1Gi")]
    public Quantity? Storage { get; init; }

    [Field("Whether connections are encrypted.", Default = "Required")]
    public TlsMode? Tls { get; init; }

    [Field("Base backups and the archive of the write-ahead log.", DefaultNote = "no backups")]
    public BackupDocument? Backup { get; init; }
}

/// <summary>Base backups and the archive of the write-ahead log.</summary>
public sealed record BackupDocument
{
    [Field("When base backups are made: five fields of cron, UTC.", Default = "0 2 * * *", Pattern = "^[0-9*/,-]+( [0-9A-Za-z*/,-]+){4}$", PatternHint = "five fields of cron such as \"0 2 * * *\"")]
    public string? Schedule { get; init; }

    [Field("How many base backups are kept.", Default = "7", Min = "1", Max = "1000")]
    public int? Keep { get; init; }

    [Field("The most that a disaster may lose: the log is archived at least this often.", Default = "5m", Min = "10s", Max = "1d")]
    public Duration? WalArchiveEvery { get; init; }
}

/// <summary>A PostgreSQL that somebody else runs.</summary>
public sealed record ExternalPostgresDocument
{
    [Field("The Secret whose entry `url` says where and as whom (postgres://).", Required = true)]
    public SecretReferenceDocument? SecretRef { get; init; }
}

/// <summary>A Cluster of the CloudNativePG operator.</summary>
public sealed record CloudNativePostgresDocument
{
    [Field("Its instances: one primary, the rest replicas.", Default = "3", Min = "1", Max = "20")]
    public int? Instances { get; init; }

    [Field("The size of each instance's volume.", Default = "10Gi", Min = "1Gi")]
    public Quantity? Storage { get; init; }
}
