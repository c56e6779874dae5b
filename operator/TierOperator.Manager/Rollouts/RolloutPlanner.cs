using TierOperator.Policy.Documents;
using TierOperator.Policy.Values;

namespace TierOperator.Manager.Rollouts;

/// <summary>What one running pod says of its policy.</summary>
/// <param name="Running">The revision that it runs; null where it was not asked yet or does not answer.</param>
/// <param name="Refused">The revision that it refuses; null where there is none.</param>
internal sealed record PodAnswer(string Uid, string Name, string? Running, string? Refused = null, string? Reason = null);

/// <summary>
/// Moves a revision through the pods, some at a time. Pure: the same state and answers give the same next state.
/// </summary>
internal static class RolloutPlanner
{
    /// <summary>
    /// 1. What was refused is not offered again while the pod that refused it is there: another one may run a sidecar that
    /// knows it. 2. Nothing to protect: publish at once. 3. A new revision starts with the first wave. 4. One refusal
    /// returns everybody to the stable one. 5. When all under the wave run it, the wave rises; after the last one the
    /// candidate is the stable one.
    /// </summary>
    public static RolloutState Next(RolloutState now, Revision wanted, IReadOnlyList<PodAnswer> pods, RolloutDocument? rollout)
    {
        if (now.Stable?.Id == wanted.Id) return new RolloutState(now.Stable);
        if (now.Rejected == wanted.Id && (now.RejectedBy is null || pods.Any(pod => pod.Uid == now.RejectedBy))) return now with { Candidate = null, Wave = 0 };
        if (now.Stable is null || pods.Count == 0 || !FitsBoth(now.Stable, wanted)) return new RolloutState(wanted);
        if (rollout?.Paused == true) return now.Candidate?.Id == wanted.Id ? now : new RolloutState(now.Stable);
        var step = Step(rollout?.MaxUnavailable, pods.Count);
        if (now.Candidate?.Id != wanted.Id) return new RolloutState(now.Stable, wanted, WaveAfter(pods, 0, step));
        if (pods.FirstOrDefault(pod => pod.Refused == wanted.Id) is { } refusing)
            return new RolloutState(now.Stable, null, 0, wanted.Id, $"{refusing.Name}: {refusing.Reason}", refusing.Uid);
        return Advance(now, wanted, pods, step);
    }

    private static RolloutState Advance(RolloutState now, Revision wanted, IReadOnlyList<PodAnswer> pods, int step)
    {
        var under = pods.Where(pod => PodHash.Of(pod.Uid) < now.Wave).ToList();
        if (under.Any(pod => pod.Running != wanted.Id)) return now;
        return under.Count == pods.Count ? new RolloutState(wanted) : now with { Wave = WaveAfter(pods, now.Wave, step) };
    }

    // The wave that takes this many pods more, in the order of their hashes.
    private static ulong WaveAfter(IReadOnlyList<PodAnswer> pods, ulong wave, int step)
    {
        var waiting = pods.Select(pod => (ulong)PodHash.Of(pod.Uid)).Where(hash => hash >= wave).Order().ToList();
        return step >= waiting.Count ? RolloutState.FullWave : waiting[step - 1] + 1;
    }

    /// <summary>How many pods at once: a percentage is rounded up, and one pod may always go.</summary>
    public static int Step(CountOrPercent? maxUnavailable, int pods) => maxUnavailable switch
    {
        { IsPercent: true } percent => Math.Max(1, (int)Math.Ceiling(pods * (double)percent.Number / 100)),
        { } count => Math.Max(1, count.Number),
        null => Math.Max(1, pods / 4),
    };

    // Two large snapshots do not fit one ConfigMap: then the change goes to all pods at once, each of which still checks it.
    private static bool FitsBoth(Revision stable, Revision wanted) => stable.Snapshot.Length + wanted.Snapshot.Length <= RolloutState.MostBytes;
}
