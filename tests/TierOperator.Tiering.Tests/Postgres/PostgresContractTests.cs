using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class PostgresContractTests(PostgresFixture fixture) : RemoteTierContractTests
{
    protected override async ValueTask<IRemoteTier> OpenAsync(RemoteTierOptions options)
    {
        var url = PostgresFixture.UrlOf((await fixture.ServerAsync()).Url);
        return new PostgresTier(new PostgresTierOptions { Url = url, Remote = options with { ApplyTimeout = TimeSpan.FromSeconds(30) } }, TimeProvider.System, NullLogger.Instance);
    }
}
