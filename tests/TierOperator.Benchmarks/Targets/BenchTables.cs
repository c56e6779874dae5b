using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TierOperator.TestKit.Postgres;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;

namespace TierOperator.Benchmarks.Targets;

/// <summary>A schema of its own for one measurement: the tier's tables, and twins of them for a bare COPY. Dropped when disposed.</summary>
internal sealed class BenchTables : IAsyncDisposable
{
    public const string Category = "bench";
    private static readonly string[] s_copied = ["session", "item"];
    private readonly PostgresUrl _url;
    private readonly NpgsqlDataSource _source;
    private readonly string _schema;

    public BenchTables(PostgresServer server, string schema)
    {
        if (!PostgresUrl.TryParse(server.UrlOf(parameters: $"schema={schema}"), "/", out var url, out var error)) throw new ArgumentException(error, nameof(schema));
        (_url, _schema) = (url, schema);
        _source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={server.Port};Username={PostgresServer.User};Password={PostgresServer.Password};Database=postgres;Command Timeout=0");
    }

    public static long NowMs { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A tier over these tables, without NOTIFY, as beside Redis.</summary>
    public PostgresTier Open(int connections)
    {
        var tier = new PostgresTier(
            new PostgresTierOptions
            {
                Url = _url, MaxConnections = connections, Announce = false,
                Remote = new RemoteTierOptions { Namespace = "bench", Policy = "bench", Timeout = TimeSpan.FromSeconds(30), Node = 1, ApplyTimeout = TimeSpan.FromMinutes(1) },
            },
            TimeProvider.System, NullLogger.Instance);
        tier.Start();
        return tier;
    }

    public async Task RunAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql.Replace("{schema}", _schema, StringComparison.Ordinal));
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Copies the rows that are there into twins with the same indexes; seconds for the copying in, sending included.</summary>
    public async Task<double> CopyAsync(int connections)
    {
        var parts = new List<(string Table, byte[] Rows)>();
        foreach (var table in s_copied)
        {
            await RunAsync($"CREATE TABLE {{schema}}.bare_{table} (LIKE {{schema}}.{table} INCLUDING ALL EXCLUDING IDENTITY) WITH (fillfactor = 85)"); // as theirs: as many pages
            for (var part = 0; part < connections; part++) parts.Add((table, await ReadAsync(table, part, connections)));
        }

        // Each connection copies its part of both tables, as each connection of the drain writes both.
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(connection => Task.Run(async () =>
        {
            for (var at = connection; at < parts.Count; at += connections) await WriteAsync(parts[at].Table, parts[at].Rows);
        })));
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("DROP SCHEMA {schema} CASCADE");
        await _source.DisposeAsync();
    }

    private async Task<byte[]> ReadAsync(string table, int part, int parts)
    {
        var id = table == "session" ? "id" : "session_id";
        await using var connection = await _source.OpenConnectionAsync();
        await using var copy = await connection.BeginRawBinaryCopyAsync($"COPY (SELECT * FROM {_schema}.{table} WHERE {id} % {parts} = {part} ORDER BY {id}) TO STDOUT (FORMAT binary)");
        using var rows = new MemoryStream();
        await copy.CopyToAsync(rows);
        return rows.ToArray();
    }

    private async Task WriteAsync(string table, byte[] rows)
    {
        await using var connection = await _source.OpenConnectionAsync();
        await using var copy = await connection.BeginRawBinaryCopyAsync($"COPY {_schema}.bare_{table} FROM STDIN (FORMAT binary)");
        await copy.WriteAsync(rows);
    }
}
