using TierOperator.Kubernetes.Connection;
using TierOperator.Kubernetes.TestKit.Real;

namespace TierOperator.Kubernetes.Contract;

/// <summary>The same on a real API server; skipped, with the reason, where there is none.</summary>
[Trait("Category", "Cluster")]
public sealed class RealApiServerContractTests : ApiServerContract
{
    public override async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(RealCluster.SkipReason is not null, RealCluster.SkipReason ?? "");
        await base.InitializeAsync();
    }

    private protected override Task<ClusterConnection> ConnectAsync() => RealCluster.ConnectAsync();
}
