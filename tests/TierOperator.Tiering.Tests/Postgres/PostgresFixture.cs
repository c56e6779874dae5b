using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.TestKit.Postgres;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Postgres;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace TierOperator.Tiering.Tests.Postgres;

/// <summary>One server for all tests that do it no harm; each has a policy of its own in it. Started by the first that asks.</summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresServer>> _server = new(() => PostgresServer.StartAsync());

    public Task<PostgresServer> ServerAsync() => _server.Value;

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated) await (await _server.Value).DisposeAsync();
    }

    /// <summary>Options for a tier in a server, with room for slow machines where the timeout is not what is tested.</summary>
    internal static PostgresTierOptions OptionsFor(PostgresServer server, string? policy = null, string? url = null)
        => new()
        {
            Url = UrlOf(url ?? server.Url),
            Remote = new RemoteTierOptions { Namespace = "tests", Policy = policy ?? $"p{Guid.NewGuid():n}", Timeout = TimeSpan.FromSeconds(10), ApplyTimeout = TimeSpan.FromSeconds(30), Node = 7 },
        };

    internal static PostgresTier Start(PostgresTierOptions options, TimeProvider? time = null)
    {
        var tier = new PostgresTier(options, time ?? TimeProvider.System, NullLogger.Instance);
        tier.Start();
        return tier;
    }

    internal static PostgresUrl UrlOf(string text)
        => PostgresUrl.TryParse(text, Path.GetTempPath(), out var url, out var error) ? url : throw new ArgumentException(error, nameof(text));
}
