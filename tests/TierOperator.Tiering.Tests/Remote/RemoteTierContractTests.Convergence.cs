using System.Text;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Remote;

/// <summary>Any order, repetition and mixture of changes ends in the same state: that of a plain model.</summary>
public abstract partial class RemoteTierContractTests
{
    private static readonly string[] s_sessions = ["x", "y", "z"];
    private static readonly string[] s_items = ["a", "b", "c", "d"];

    [Fact]
    public async Task Apply_RandomOrderWithRepetitions_EndsAsTheModel()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TIER_SEED"), out var given) ? given : Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 40; round++)
        {
            await using var tier = await OpenHealthyAsync(Options());
            var (model, changes) = (new RemoteModel(), RandomChanges(random, 30));
            foreach (var change in changes) model.Apply(change);

            await ApplyShuffledAsync(tier, random, changes);

            foreach (var session in s_sessions)
            {
                var read = await tier.ReadSessionAsync(Bytes(session), default);
                var found = $"{read.Status} floor {read.Floor.Stamp} newest {read.Newest.Stamp}: {Text(read)}";
                Assert.True(model.Describe(session) == found, $"seed {seed}, round {round}, session {session}: the model has '{model.Describe(session)}', the tier '{found}'");
            }
        }
    }

    private static async Task ApplyShuffledAsync(IRemoteTier tier, Random random, List<RemoteChange> changes)
    {
        var repeated = changes.Concat(changes.Where(_ => random.Next(3) == 0)).ToArray();
        random.Shuffle(repeated);
        var batches = repeated.Chunk(random.Next(1, 8)).ToArray();
        // Two batches at once, as from two pods.
        foreach (var pair in batches.Chunk(2))
        {
            var results = await Task.WhenAll(pair.Select(batch => tier.ApplyAsync(batch, default).AsTask()));
            Assert.All(results.SelectMany(result => result), result => Assert.True(result.Status is RemoteStatus.Applied or RemoteStatus.Older, $"{result}"));
        }
    }

    // Every version is used once, as the clock of a pod gives them.
    private List<RemoteChange> RandomChanges(Random random, int count)
    {
        var changes = new List<RemoteChange>();
        for (var number = 1u; number <= count * 3; number += 3)
        {
            var session = s_sessions[random.Next(s_sessions.Length)];
            changes.Add(random.Next(10) switch
            {
                0 => _changes.Delete(session, number),
                1 => _changes.Replace(session, number, RandomPuts(random)),
                2 or 3 => _changes.Remove(session, number, s_items[random.Next(s_items.Length)]) with { IsWhole = true },
                _ => _changes.Put(session, number, RandomPuts(random)) with { IsWhole = true },
            });
        }

        return changes;
    }

    private static (string Item, string Value)[] RandomPuts(Random random)
        => [.. s_items.Where(_ => random.Next(3) == 0).DefaultIfEmpty("a").Select(item => (item, new StringBuilder().Append('v', random.Next(1, 400)).ToString()))];
}
