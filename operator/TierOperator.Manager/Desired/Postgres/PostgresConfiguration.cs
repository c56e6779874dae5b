using System.Text;

namespace TierOperator.Manager.Desired.Postgres;

/// <summary>The files that the server starts from. Folders and certificates come by the start script.</summary>
internal static class PostgresConfiguration
{
    public static string Server(PostgresPlan plan)
    {
        var text = new StringBuilder();
        text.AppendLine("listen_addresses = '*'").AppendLine($"max_connections = {PostgresPlan.MaxConnections}");
        text.AppendLine("shared_buffers = 128MB").AppendLine("wal_level = replica").AppendLine("max_wal_senders = 4");
        text.AppendLine("password_encryption = scram-sha-256").AppendLine("unix_socket_directories = ''");
        if (plan.Backup is { } backup)
        {
            // Written aside, synced, then named: a half-copied segment under its real name would end every later restore.
            text.AppendLine("archive_mode = on").AppendLine($"archive_timeout = {(long)backup.WalArchiveEvery!.Value.Value.TotalSeconds}");
            text.AppendLine("archive_command = 'test -f \"$BACKUP/wal/%f\" && cmp -s %p \"$BACKUP/wal/%f\" || { test ! -f \"$BACKUP/wal/%f\" && cp %p \"$BACKUP/wal/.%f\" && sync \"$BACKUP/wal/.%f\" && mv \"$BACKUP/wal/.%f\" \"$BACKUP/wal/%f\"; }'");
        }

        return text.ToString();
    }

    /// <summary>Who may connect, and how: encrypted or not at all where the policy asks for it.</summary>
    public static string Access(PostgresPlan plan)
    {
        var kind = plan.HasTls ? "hostssl" : "host";
        return $"""
            # Made by the operator.
            host all all 127.0.0.1/32 scram-sha-256
            host all all ::1/128 scram-sha-256
            {kind} all all all scram-sha-256
            {kind} replication tier all scram-sha-256

            """;
    }
}
