using TierOperator.Manager.Certificates;

namespace TierOperator.Manager.Tests.Hosting;

public sealed class CertificateRotationTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] s_hosts = ["tier-operator-webhook.tier-system.svc"];

    [Fact]
    public void Next_OverTwoYears_EveryCallerTrustsEveryLeaf()
    {
        CertificateState? state = null;
        var (authorities, leaves) = (new HashSet<string>(), new HashSet<string>());
        var bundleBefore = "";
        for (var at = s_start; at < s_start.AddDays(3 * 365); at += at.Minute == 0 && state is { Next: null, Previous: null } ? TimeSpan.FromHours(12) : TimeSpan.FromMinutes(5))
        {
            state = CertificateRotation.Next(state, s_hosts, at);
            authorities.Add(state.Current.Certificate);
            leaves.Add(state.Leaf.Certificate);

            // A caller may still have the bundle of one step before.
            if (bundleBefore.Length > 0) Assert.Contains(state.Current.Certificate, bundleBefore, StringComparison.Ordinal);
            Assert.True(CertificateState.EndOf(state.Leaf.Certificate) > at.AddDays(10), $"the leaf ends soon after {at}");
            Assert.True(CertificateState.EndOf(state.Current.Certificate) > at.AddDays(30), $"the authority ends soon after {at}");
            bundleBefore = state.Bundle;
        }

        Assert.True(authorities.Count >= 2, $"{authorities.Count} authorities");
        Assert.True(leaves.Count >= 12, $"{leaves.Count} leaves");
    }

    [Fact]
    public void Write_Read_IsTheSameState()
    {
        var state = CertificateRotation.Next(null, s_hosts, s_start);

        Assert.Equal(state, CertificateState.Read(new System.Text.Json.Nodes.JsonObject { ["data"] = state.Write() }));
    }
}
