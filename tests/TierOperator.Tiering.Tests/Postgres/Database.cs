using Npgsql;
using TierOperator.TestKit.Postgres;

namespace TierOperator.Tiering.Tests.Postgres;

/// <summary>A database of a test's own in a shared server, and SQL in it.</summary>
internal sealed class Database(PostgresServer server, string name) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(Settings(server.UrlOf(database: name)));

    public string Name => name;

    public string UrlOf(string user = PostgresServer.User, string password = PostgresServer.Password, string parameters = "")
        => server.UrlOf(user, password, name, parameters);

    public static async Task<Database> CreateAsync(PostgresServer server)
    {
        var name = $"d{Guid.NewGuid():n}";
        await using var source = NpgsqlDataSource.Create(Settings(server.Url));
        await using var command = source.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync();
        return new Database(server, name);
    }

    public async Task RunAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ReadAsync<T>(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<NpgsqlConnection> OpenAsync() => await _source.OpenConnectionAsync();

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static string Settings(string url) => PostgresFixture.UrlOf(url).Settings().ConnectionString;
}
