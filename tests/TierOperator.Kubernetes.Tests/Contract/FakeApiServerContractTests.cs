using TierOperator.Kubernetes.Connection;
using TierOperator.Kubernetes.TestKit;

namespace TierOperator.Kubernetes.Contract;

public sealed class FakeApiServerContractTests : ApiServerContract
{
    private FakeApiServer _server = null!;

    public override async ValueTask InitializeAsync()
    {
        _server = await FakeApiServer.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server.DisposeAsync();
    }

    private protected override Task<ClusterConnection> ConnectAsync() => Task.FromResult(_server.Connection);
}
