using TierOperator.Manager.Names;
using TierOperator.Manager.Policies;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Desired.Postgres;

/// <summary>A managed PostgreSQL.</summary>
internal sealed record PostgresPlan(PolicyObject Policy, ManagedPostgresDocument Document, BackendSettings Settings)
{
    public const int Port = 5432;
    public const int User = 999;
    public const string Component = "postgres";
    public const string BackupComponent = "postgres-backup";
    public const string VerifyComponent = "postgres-verify";
    public const string RestoreComponent = "postgres-restore";

    /// <summary>The server's limit on connections. Each takes some megabytes, and a large number hurts all of them.</summary>
    public const int MaxConnections = 200;

    public string Name { get; } = ObjectNames.Backend(Policy.Name, Component);
    public string BackupName { get; } = ObjectNames.Backend(Policy.Name, BackupComponent);
    public string VerifyName { get; } = ObjectNames.Backend(Policy.Name, VerifyComponent);

    /// <summary>While its volume is taken back to an earlier time the server must not run.</summary>
    public bool IsStopped { get; init; }
    public bool HasTls => Document.Tls == TlsMode.Required;
    public BackupDocument? Backup => Document.Backup;
    public string Image => $"{Settings.PostgresImage}:{Document.Version}";
    public string Host => $"{Name}.{Policy.Namespace}.svc.{Settings.ClusterDomain}";

    /// <summary>The address that the policy's pods get. They know the authority that signed the server's certificate.</summary>
    public string Url(string password) => $"postgres://tier:{password}@{Host}:{Port}/tier{(HasTls ? "?sslmode=verify-full" : "")}";
}
