using System.Text.Json.Nodes;
using TierOperator.Manager.Rollouts;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Values;

namespace TierOperator.Manager.Tests.Rollouts;

public sealed class RolloutPlannerTests
{
    private static readonly Revision s_old = new("old", "{}");
    private static readonly Revision s_new = new("new", "{}");
    private static readonly RolloutDocument s_quarter = new() { MaxUnavailable = new CountOrPercent(25, true) };

    [Fact]
    public void Of_KnownUid_IsWhatTheSidecarComputes() => Assert.Equal(3_398_926_610, PodHash.Of("a"));

    [Fact]
    public void Next_NoPods_PublishesAtOnce()
    {
        Assert.Equal(new RolloutState(s_new), RolloutPlanner.Next(RolloutState.Empty, s_new, [], s_quarter));
        Assert.Equal(new RolloutState(s_new), RolloutPlanner.Next(new RolloutState(s_old), s_new, [], s_quarter));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(8, 4)]
    [InlineData(100, 4)]
    public void Next_PodsThatAcknowledge_TakesTheQuartersInTurn(int count, int waves)
    {
        var state = new RolloutState(s_old);
        var pods = Pods(count);
        var steps = 0;
        while (state.Stable != s_new)
        {
            state = RolloutPlanner.Next(state, s_new, pods, s_quarter);
            Assert.Equal(state, RolloutPlanner.Next(state, s_new, pods, s_quarter));
            pods = [.. pods.Select(pod => PodHash.Of(pod.Uid) < state.Wave ? pod with { Running = "new" } : pod)];
            if (state.Stable != s_new) steps++;
            Assert.True(steps <= waves, $"{steps} waves");
        }

        Assert.Equal(waves, steps);
        Assert.Equal(0UL, state.Wave);
    }

    [Fact]
    public void Next_OneRefusal_ReturnsToStableAndIsNotOfferedAgainWhileThePodIsThere()
    {
        var trying = RolloutPlanner.Next(new RolloutState(s_old), s_new, Pods(4), s_quarter);
        IReadOnlyList<PodAnswer> pods = [.. Pods(3), new PodAnswer("x", "chat-x", "old", "new", "TP0010 spec.new")];

        var back = RolloutPlanner.Next(trying, s_new, pods, s_quarter);

        Assert.Equal(new RolloutState(s_old, null, 0, "new", "chat-x: TP0010 spec.new", "x"), back);
        Assert.Equal(back, RolloutPlanner.Next(back, s_new, pods, s_quarter));
        Assert.Equal(s_new, RolloutPlanner.Next(back, s_new, Pods(4), s_quarter).Candidate);
        Assert.Equal(s_new, RolloutPlanner.Next(back, s_new, [], s_quarter).Stable);
        Assert.Equal("newer", RolloutPlanner.Next(back, new Revision("newer", "{}"), Pods(4), s_quarter).Candidate!.Id);
        Assert.Equal(new RolloutState(s_old), RolloutPlanner.Next(back, s_old, Pods(4), s_quarter));
    }

    [Fact]
    public void Next_Paused_HoldsANewRevisionBackAndAWaveWhereItIs()
    {
        var paused = s_quarter with { Paused = true };
        var trying = RolloutPlanner.Next(new RolloutState(s_old), s_new, Pods(4), s_quarter);

        Assert.Equal(new RolloutState(s_old), RolloutPlanner.Next(new RolloutState(s_old), s_new, Pods(4), paused));
        Assert.Equal(trying, RolloutPlanner.Next(trying, s_new, Pods(4), paused));
    }

    [Fact]
    public void Next_SilentPodUnderTheWave_HoldsTheWave()
    {
        var trying = RolloutPlanner.Next(new RolloutState(s_old), s_new, Pods(1), s_quarter);

        Assert.Equal(trying, RolloutPlanner.Next(trying, s_new, [new PodAnswer("p0", "p0", null)], s_quarter));
    }

    [Fact]
    public void Next_TwoLargeSnapshots_GoToAllAtOnce()
    {
        var large = new string('x', 600_000);

        Assert.Equal("new", RolloutPlanner.Next(new RolloutState(new Revision("old", large)), new Revision("new", large), Pods(4), s_quarter).Stable!.Id);
    }

    [Fact]
    public void Write_Read_IsTheSameState()
    {
        var state = new RolloutState(Published("{}"), Published("{ }"), 77, "bad", "why", "uid");
        var (data, annotations) = state.Write();

        Assert.Equal(state, RolloutState.Read(new JsonObject { ["data"] = data, ["metadata"] = new JsonObject { ["annotations"] = annotations } }));
    }

    [Fact]
    public void Read_SnapshotEdited_IsNotBelieved()
    {
        var (data, annotations) = new RolloutState(Published("{}")).Write();
        data["stable"] = "{\"edited\": 1}";

        Assert.Null(RolloutState.Read(new JsonObject { ["data"] = data, ["metadata"] = new JsonObject { ["annotations"] = annotations } }).Stable);
    }

    private static Revision Published(string snapshot) => new(CanonicalSnapshot.Revision(System.Text.Encoding.UTF8.GetBytes(snapshot)), snapshot);

    private static IReadOnlyList<PodAnswer> Pods(int count) => [.. Enumerable.Range(0, count).Select(index => new PodAnswer($"p{index}", $"p{index}", "old"))];
}
