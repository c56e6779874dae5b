using Microsoft.Extensions.Logging;
using Npgsql;
using TierOperator.Tiering.Postgres.Migrations;

namespace TierOperator.Tiering.Postgres;

/// <summary>One look at the server over a fresh connection: is it there, ours, ready and writable?</summary>
internal static class ServerLook
{
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(1);

    /// <summary>A migration may have to move data, or wait for another sidecar that does.</summary>
    private static readonly TimeSpan s_migration = TimeSpan.FromMinutes(30);

    /// <summary>A look is given more than a call, because it makes its connection first.</summary>
    public static TimeSpan Patience(PostgresTierOptions options, bool isReady)
        => !isReady ? s_migration : options.Remote.Timeout * 2 > s_least ? options.Remote.Timeout * 2 : s_least;

    /// <summary>Migrates where needed; answers how many writes of this sidecar the server knows, and how far its clock is ahead. Throws what is wrong.</summary>
    public static async Task<(long Writes, TimeSpan Skew)> RunAsync(PostgresTierOptions options, Migrator migrator, bool isReady, TimeProvider time, ILogger logger)
    {
        await using var source = ConnectionSettings.Single(options.Url);
        await using var connection = await source.OpenConnectionAsync();
        if (!isReady)
        {
            var (version, changed) = await migrator.RunAsync(connection);
            if (changed) PostgresLog.Migrated(logger, version);
        }

        var (isReadOnly, schemaVersion, writes, clock, lacks) = await ReadAsync(connection, options);
        migrator.Check(schemaVersion);
        if (lacks is not null)
            throw new PostgresStateException(PostgresFaultKind.NoWrites, $"The {options.Url.Display} lacks rights: GRANT {lacks} ON ALL TABLES IN SCHEMA {options.Url.Schema} to the user, or let it own them.");
        return isReadOnly
            ? throw new PostgresStateException(PostgresFaultKind.NoWrites, $"The {options.Url.Display} is read-only (a standby, or set so): name the primary, or wait for its promotion.")
            : (writes, clock - time.GetUtcNow());
    }

    private static async Task<(bool IsReadOnly, int Version, long Writes, DateTimeOffset Clock, string? Lacks)> ReadAsync(NpgsqlConnection connection, PostgresTierOptions options)
    {
        var schema = options.Url.Schema;
        await using var command = new NpgsqlCommand($"""
            SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
                   (SELECT coalesce(max(number), 0) FROM {schema}.migration),
                   coalesce((SELECT writes FROM {schema}.node WHERE namespace = $1 AND policy = $2 AND node = $3), 0),
                   clock_timestamp(),
                   (SELECT string_agg(DISTINCT privilege, ', ') FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) privilege, unnest(ARRAY['session', 'item', 'node']) place
                    WHERE NOT has_table_privilege('{schema}.' || place, privilege))
            """, connection)
        {
            Parameters = { new() { Value = options.Remote.Namespace }, new() { Value = options.Remote.Policy }, new() { Value = (long)options.Remote.Node } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetBoolean(0), reader.GetInt32(1), reader.GetInt64(2), await reader.GetFieldValueAsync<DateTimeOffset>(3), await reader.IsDBNullAsync(4) ? null : reader.GetString(4));
    }
}
