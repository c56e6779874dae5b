using Npgsql;

namespace TierOperator.Tiering.Postgres.Migrations;

/// <summary>
/// Brings the schema to what this program needs, forwards only. Each step is one transaction under an advisory lock that ends
/// with it, so that of many sidecars that start at once one does it and the others find it done, and PgBouncer may be between.
/// </summary>
internal sealed class Migrator(string schema)
{
    /// <summary>Any number that is ours alone: "tier" in ASCII.</summary>
    private const long LockKey = 0x74696572;

    /// <summary>Migrates to <paramref name="target"/>, the newest by default. Answers the version that stands there afterwards, and whether anything was done.</summary>
    public async Task<(int Version, bool Changed)> RunAsync(NpgsqlConnection connection, int? target = null)
    {
        var newest = target ?? Migration.Newest;
        var version = await VersionAsync(connection);
        if (version == newest) return (version, false);
        Check(version);
        while (version < newest) version = await StepAsync(connection, newest);
        return (version, true);
    }

    /// <summary>The version that stands there; 0 where there is none. Throws where the schema is somebody else's.</summary>
    public async Task<int> VersionAsync(NpgsqlConnection connection)
    {
        await using var look = new NpgsqlCommand("""
            SELECT to_regclass($1 || '.migration') IS NOT NULL,
                   EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1)
            """, connection) { Parameters = { new() { Value = schema } } };
        bool ours, taken;
        await using (var reader = await look.ExecuteReaderAsync())
        {
            await reader.ReadAsync();
            (ours, taken) = (reader.GetBoolean(0), reader.GetBoolean(1));
        }

        if (!ours && taken)
            throw new PostgresStateException(PostgresFaultKind.Away, $"The schema {schema} holds tables that are not ours: name another one in the URL, as in ?schema=tier_cache.");
        if (!ours) return 0;
        await using var read = new NpgsqlCommand($"SELECT coalesce(max(number), 0) FROM {schema}.migration", connection);
        return (int)(await read.ExecuteScalarAsync())!;
    }

    /// <summary>Throws where the schema is newer than this program.</summary>
    public void Check(int version)
    {
        if (version > Migration.Newest)
            throw new PostgresStateException(PostgresFaultKind.Away, $"The tables of schema {schema} are at version {version}, newer than this program knows ({Migration.Newest}): update this sidecar. Nothing was changed.");
    }

    private async Task<int> StepAsync(NpgsqlConnection connection, int newest)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await RunAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})");

        // Another sidecar may have done it while this one waited for the lock.
        var version = await VersionAsync(connection);
        Check(version);
        if (version >= newest) return version;
        if (version == 0) await CreateSchemaAsync(connection);
        var step = Migration.All[version];
        await RunAsync(connection, Migration.In(schema, step.Sql));
        await using var note = new NpgsqlCommand($"INSERT INTO {schema}.migration (number, name) VALUES ($1, $2)", connection)
        {
            Parameters = { new() { Value = step.Number }, new() { Value = step.Name } },
        };
        await note.ExecuteNonQueryAsync();
        if (step.Number == Migration.Newest)
            foreach (var function in Migration.Functions) await RunAsync(connection, Migration.In(schema, function));
        await transaction.CommitAsync();
        return step.Number;
    }

    private async Task CreateSchemaAsync(NpgsqlConnection connection)
    {
        // IF NOT EXISTS would ask for the right to create even where the schema is there already.
        await using var look = new NpgsqlCommand("SELECT to_regnamespace($1) IS NULL", connection) { Parameters = { new() { Value = schema } } };
        if (await look.ExecuteScalarAsync() is true) await RunAsync(connection, $"CREATE SCHEMA {schema}");
        await RunAsync(connection, $"CREATE TABLE {schema}.migration (number integer PRIMARY KEY, name text NOT NULL, done_at timestamptz NOT NULL DEFAULT now())");
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
