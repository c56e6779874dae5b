using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Admission;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Tests.TestSupport;
using TierOperator.Manager.Webhooks;

namespace TierOperator.Manager.Tests.Webhooks;

public sealed class PolicyWebhookTests
{
    private const string Managed = TestPolicies.MemoryAndDisk + "\n    postgres: {managed: {version: \"15\", storage: 20Gi}}\n    redis: {managed: {persistence: AppendOnly, storage: 4Gi}}\n";

    [Fact]
    public async Task Validate_SeveralFaults_NamesThemAll()
    {
        var answer = await AskAsync(null, TestPolicies.MemoryAndDisk.Replace("capacity: 256Mi", "capacty: 256Mi").Replace("capacity: 1Gi", "capacity: 1Gx"));

        Assert.False(answer.IsAllowed);
        Assert.Contains("TP0010", answer.Message, StringComparison.Ordinal);
        Assert.Contains("TP0015", answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("storage: 20Gi", "storage: 10Gi", "do not shrink")]
    [InlineData("storage: 4Gi", "storage: 1Gi", "do not shrink")]
    [InlineData("\"15\"", "\"16\"", "major version")]
    [InlineData("redis: {managed: {", "redis: {managed: {topology: Cluster, ", "in place")]
    public async Task Validate_ChangeThatWouldLoseData_IsRefusedWithTheWayOut(string was, string now, string says)
    {
        var answer = await AskAsync(Managed, Managed.Replace(was, now));

        Assert.False(answer.IsAllowed);
        Assert.Contains(says, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_MoreStorage_IsAllowed() => Assert.True((await AskAsync(Managed, Managed.Replace("20Gi", "40Gi"))).IsAllowed);

    [Fact]
    public async Task Validate_FaultyPolicyThatOnlyGetsAFinalizer_IsAllowed()
    {
        var faulty = TestPolicies.MemoryAndDisk.Replace("capacity: 256Mi", "capacty: 256Mi");

        Assert.True((await AskAsync(faulty, faulty.Replace("generation: 1", "generation: 1, finalizers: [tieroperator.io/cleanup]"))).IsAllowed);
    }

    [Fact]
    public async Task Validate_Warnings_AreShortEnoughForTheServer()
    {
        var answer = await AskAsync(null, TestPolicies.MemoryAndDisk);

        Assert.True(answer.IsAllowed);
        Assert.NotEmpty(answer.Warnings);
        Assert.All(answer.Warnings, warning => Assert.True(warning.Length <= 256, warning));
    }

    private static Task<AdmissionResult> AskAsync(string? old, string now) => new PolicyWebhook().ValidateAsync(
        new AdmissionRequest("u", old is null ? AdmissionOperation.Create : AdmissionOperation.Update, new ObjectKey("shop", "chat"),
            TestPolicies.Node(now), old is null ? null : (JsonObject)TestPolicies.Node(old), false, "somebody"), CancellationToken.None);
}
