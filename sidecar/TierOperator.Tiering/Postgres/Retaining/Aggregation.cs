using Npgsql;
using NpgsqlTypes;
using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Postgres.Retaining;

/// <summary>Folds sessions into rows of sums, one row per value of the fields they are grouped by. <c>day</c> is the UTC day of the last write.</summary>
internal sealed class Aggregation(PostgresCalls calls, string category, CompiledAggregate into)
{
    private const string Day = "day";

    /// <summary>Within the caller's transaction, which holds the sessions and ends them.</summary>
    public async Task AddAsync(NpgsqlConnection connection, long[] sessions)
    {
        await using var command = new NpgsqlCommand { Connection = connection };
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Namespace });
        command.Parameters.Add(new NpgsqlParameter { Value = calls.Remote.Policy });
        command.Parameters.Add(new NpgsqlParameter { Value = category });
        command.Parameters.Add(new NpgsqlParameter { Value = sessions, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        var where = new WhereSql(calls.Schema, command.Parameters);
        var groups = into.By.Select(field => field == Day ? $"to_char(to_timestamp({calls.Schema}.milliseconds_of(s.newest) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD')" : where.Text(field)).ToArray();
        var sums = into.Sum.Select(where.Number).ToArray();
        var names = (By: into.By.Select(field => Name(command, field)).ToArray(), Sum: into.Sum.Select(field => Name(command, field)).ToArray());

        // Both objects list their members in the policy's order; jsonb sorts them, so equal groups are equal rows.
        command.CommandText = $"""
            INSERT INTO {calls.Schema}.aggregate AS a (namespace, policy, category, groups, sums, sessions)
            SELECT $1, $2, $3, {Object(names.By, [.. groups.Select((_, at) => $"by{at}")])}, {Object(names.Sum, [.. sums.Select((_, at) => $"coalesce(sum(sum{at}), 0)")])}, count(*)
            FROM (SELECT {string.Join(", ", groups.Select((sql, at) => $"{sql} AS by{at}").Concat(sums.Select((sql, at) => $"{sql} AS sum{at}")))}
                  FROM {calls.Schema}.session s WHERE s.id = ANY ($4)) t
            GROUP BY {string.Join(", ", groups.Select((_, at) => $"by{at}"))}
            ON CONFLICT (namespace, policy, category, groups) DO UPDATE SET sessions = a.sessions + excluded.sessions, sums = coalesce((
                SELECT jsonb_object_agg(k.name, coalesce((a.sums ->> k.name)::numeric, 0) + coalesce((excluded.sums ->> k.name)::numeric, 0))
                FROM jsonb_object_keys(a.sums || excluded.sums) AS k(name)), jsonb_build_object())
            """;
        await command.ExecuteNonQueryAsync();
    }

    private static string Name(NpgsqlCommand command, string field)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = field, NpgsqlDbType = NpgsqlDbType.Text });
        return $"${command.Parameters.Count}";
    }

    private static string Object(string[] names, string[] values) => $"jsonb_build_object({string.Join(", ", names.Zip(values, static (name, value) => $"{name}::text, {value}"))})";
}
