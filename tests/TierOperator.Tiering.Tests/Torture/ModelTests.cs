using TierOperator.TestKit.Model;

namespace TierOperator.Tiering.Tests.Torture;

/// <summary>
/// Random operations against a plain oracle. A failure prints the profile, the seed and the shortest run found that still
/// fails; TIER_SEED=N repeats one seed.
/// </summary>
public sealed class ModelTests
{
    public static TheoryData<string> Profiles => [.. ModelProfile.All.Select(profile => profile.Name)];

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task Engine_RandomOperations_AgreesWithTheOracle(string name) => await CheckAsync(name, rounds: 5, operations: 250);

    [Theory]
    [Trait("Category", "Soak")]
    [MemberData(nameof(Profiles))]
    public async Task Engine_ManyRandomOperations_AgreesWithTheOracle(string name)
    {
        if (TortureSettings.IsSoak) await CheckAsync(name, rounds: 300, operations: 400);
    }

    private static async Task CheckAsync(string name, int rounds, int operations)
    {
        var profile = ModelProfile.All.Single(profile => profile.Name == name);
        foreach (var seed in TortureSettings.Seeds(rounds))
        {
            var run = new OperationGenerator(seed, profile.Limits()).Make(operations);
            if (await ModelRun.FailureOfAsync(profile, run) is not { } failure) continue;
            var shortest = await Shrinker.ShrinkAsync(run, async candidate => await ModelRun.FailureOfAsync(profile, candidate) is not null, tries: failure.Contains("no answer", StringComparison.Ordinal) ? 12 : 200);
            var shortFailure = await ModelRun.FailureOfAsync(profile, shortest) ?? $"not every time: {failure}";
            Assert.Fail($"profile {name}, seed {seed}: {shortFailure}\n{string.Join('\n', shortest.Select((operation, i) => $"  {i}: {operation}"))}");
        }
    }
}
