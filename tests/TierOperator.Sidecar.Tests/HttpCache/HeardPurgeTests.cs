using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Policy;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.HttpCache.Storing;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.TestKit.Remote;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Sync;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>What another sidecar purged is heard of, also where the tier that has it cannot be asked at that moment: nobody announces it twice.</summary>
public sealed class HeardPurgeTests
{
    [Fact]
    public async Task Purged_WhileTheTierThatTellsDoesNotAnswer_IsHeardWhenItDoes()
    {
        await using var postgres = new ModelTier(TierSet.Postgres);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        postgres.Announced += _ =>
        {
            postgres.IsAway = true;
            postgres.WhileAnswering = () =>
            {
                asked.TrySetResult();
                return Task.CompletedTask;
            };
        };
        await using var one = Open(postgres, 1);
        await using var other = Open(postgres, 2);
        using var here = new PurgeMarks(one, TimeProvider.System);
        using var there = new PurgeMarks(other, TimeProvider.System);
        var hasHeard = false;
        there.Heard += () => hasHeard = true;

        await here.MarkAsync(PurgeMarks.OfTag("t"), CancellationToken.None);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(hasHeard);
        postgres.IsAway = false;

        await Eventually.HoldsAsync(() => Volatile.Read(ref hasHeard));
    }

    private static TierEngine Open(ModelTier postgres, uint node)
    {
        var policy = RoutePolicies.With(RoutePolicies.Route(new Uri("http://127.0.0.1:9")), "memory: {capacity: 64Mi}\n    postgres: {external: {secretRef: {name: db}}}");
        return TierEngine.Open(
            new EngineOptions { Node = node, RemoteTiers = [new RemoteTierBinding(postgres, TimeSpan.FromSeconds(2)) { Backplane = postgres }] },
            PolicyLoader.Load(policy, "test").Policy!, TimeProvider.System, NullLoggerFactory.Instance);
    }
}
