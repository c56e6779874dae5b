using System.IO.Compression;
using Npgsql;
using NpgsqlTypes;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Postgres.Retaining;

/// <summary>
/// Compresses the values of old sessions as far as it goes, which a write has no time for. They read as before; a session is
/// marked, so that the next run does not try it again until it was written.
/// </summary>
internal sealed class Packing(PostgresCalls calls)
{
    private const int Quality = 9;
    private const int Window = 22;
    private const long MaxBytes = 16 * 1024 * 1024;
    private const int LeastBytes = 64;

    /// <summary>Within the caller's transaction, which holds the sessions.</summary>
    public async Task PackAsync(NpgsqlConnection connection, long[] sessions)
    {
        foreach (var item in await ReadAsync(connection, sessions)) await PackAsync(connection, item);
        await using var mark = new NpgsqlCommand($"""
            WITH packed AS (
                UPDATE {calls.Schema}.session s SET packed = true, bytes = coalesce((SELECT sum(octet_length(value)) FROM {calls.Schema}.item i WHERE i.session_id = s.id), 0)
                FROM {calls.Schema}.session o WHERE s.id = ANY ($1) AND o.id = s.id RETURNING s.namespace, s.policy, s.category, s.bytes - o.bytes AS gain)
            INSERT INTO {calls.Schema}.category_change (namespace, policy, category, sessions, bytes)
            SELECT namespace, policy, category, 0, sum(gain) FROM packed WHERE category IS NOT NULL GROUP BY namespace, policy, category
            """, connection) { Parameters = { Ids(sessions) } };
        await mark.ExecuteNonQueryAsync();
    }

    private async Task<List<PlacedItem>> ReadAsync(NpgsqlConnection connection, long[] sessions)
    {
        await using var command = new NpgsqlCommand($"SELECT session_id, lookup FROM {calls.Schema}.item WHERE session_id = ANY ($1) AND NOT removed AND length BETWEEN {LeastBytes} AND {MaxBytes}", connection) { Parameters = { Ids(sessions) } };
        var items = new List<PlacedItem>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) items.Add(new PlacedItem(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)));
        return items;
    }

    private async Task PackAsync(NpgsqlConnection connection, PlacedItem item)
    {
        if (await ReadAsync(connection, item) is not { } stored || !stored.TryDecode(out var value)) return;
        var plain = value.ToArray();
        value.Release();
        var target = new byte[stored.Bytes.Length];
        if (!BrotliEncoder.TryCompress(plain, target, out var written, Quality, Window) || written >= stored.Bytes.Length) return;
        await using var command = new NpgsqlCommand($"UPDATE {calls.Schema}.item SET value = $3, codec = $4 WHERE session_id = $1 AND lookup = $2", connection)
        {
            Parameters =
            {
                new NpgsqlParameter { Value = item.Session }, new NpgsqlParameter { Value = item.Lookup, NpgsqlDbType = NpgsqlDbType.Bytea },
                new NpgsqlParameter { Value = target[..written], NpgsqlDbType = NpgsqlDbType.Bytea }, new NpgsqlParameter { Value = (short)ValueCodec.Brotli },
            },
        };
        await command.ExecuteNonQueryAsync();
    }

    private async Task<StoredValue?> ReadAsync(NpgsqlConnection connection, PlacedItem item)
    {
        await using var command = new NpgsqlCommand($"SELECT value, codec, length FROM {calls.Schema}.item WHERE session_id = $1 AND lookup = $2", connection)
        {
            Parameters = { new NpgsqlParameter { Value = item.Session }, new NpgsqlParameter { Value = item.Lookup, NpgsqlDbType = NpgsqlDbType.Bytea } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? new StoredValue(reader.GetFieldValue<byte[]>(0), reader.GetInt16(1), reader.GetInt64(2)) : null;
    }

    private static NpgsqlParameter Ids(long[] sessions) => new() { Value = sessions, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };

    private sealed record PlacedItem(long Session, byte[] Lookup);
}
