using System.Diagnostics.Metrics;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

/// <summary>The instruments of shared tiers, of what they are owed, and of coherence. Both tiers are always told, at zero where undeclared.</summary>
internal static class SharedMeter
{
    private static readonly TierSet[] s_tiers = [TierSet.Redis, TierSet.Postgres];

    public static void AddTo(Meter meter, TierEngine engine)
    {
        Count(meter, engine, "tier.remote.calls", "{call}", "Calls to shared tiers.", static loop => loop.Link.Calls);
        Count(meter, engine, "tier.remote.failures", "{call}", "Calls to shared tiers that had no answer in time.", static loop => loop.Link.Failures);
        Count(meter, engine, "tier.remote.skipped", "{call}", "Calls that were not made, because the tier was known to be away.", static loop => loop.Link.Skipped);
        Gauge(meter, engine, "tier.remote.state", "", "0 connecting or undeclared, 1 healthy, 2 read-only, 3 unavailable.", static loop => StateOf(loop.Link.Tier.State));
        Gauge(meter, engine, "tier.remote.secret.refused", "", "1 while the tier's secret is missing or cannot be used.", static loop => loop.Link.Tier.State.IsSecretRefused ? 1 : 0);
        Gauge(meter, engine, "tier.remote.breaker.open", "", "1 while the circuit breaker keeps calls away from the tier.", static loop => loop.Link.IsOpen ? 1 : 0);
        Count(meter, engine, "tier.sync.settled", "{session}", "Sessions that a shared tier was told of.", static loop => loop.Sent);
        Gauge(meter, engine, "tier.sync.backlog", "{session}", "Sessions that a shared tier has yet to hear of.", static loop => loop.Outbox.Backlog);
        Gauge(meter, engine, "tier.sync.backlog.size", "By", "Bytes of values that a shared tier has yet to hear of.", static loop => loop.Outbox.BacklogBytes);
        meter.CreateObservableGauge("tier.remote.clock_skew", () => s_tiers.Select(tier => new Measurement<double>(
            engine.LoopOf(tier)?.Link.Tier.ClockSkew?.TotalSeconds ?? 0, new KeyValuePair<string, object?>("tier", SharedTiers.NameOf(tier)))), "s", "How far the server's clock is ahead of this one.");
        meter.CreateObservableCounter("tier.sync.reminders", () => engine.Reminded, "{session}", "Sessions that Redis had missed while it was away and was brought from PostgreSQL.");
        meter.CreateObservableGauge("tier.sync.dead_letters", () => engine.DeadLetters.Count, "{change}", "Changes that a shared tier refused for good.");
        meter.CreateObservableCounter("tier.sync.conflicts", () => engine.ConflictsDecided, "{item}", "Items whose write here lost to a newer one of another sidecar.");
        meter.CreateObservableCounter("tier.coherence.announcements", () => engine.Announced, "{announcement}", "Changes of others that were heard of.");
        meter.CreateObservableCounter("tier.coherence.gaps", () => engine.Gaps, "{gap}", "Times that announcements may have been missed: every copy was compared.");
        meter.CreateObservableCounter("tier.clock.refused", () => engine.ClockRefused, "{version}", "Versions of others too far ahead of this clock to be taken over.");
    }

    private static void Count(Meter meter, TierEngine engine, string name, string unit, string help, Func<SyncLoop, long> value)
        => meter.CreateObservableCounter(name, () => Each(engine, value), unit, help);

    private static void Gauge(Meter meter, TierEngine engine, string name, string unit, string help, Func<SyncLoop, long> value)
        => meter.CreateObservableGauge(name, () => Each(engine, value), unit, help);

    private static IEnumerable<Measurement<long>> Each(TierEngine engine, Func<SyncLoop, long> value)
        => s_tiers.Select(tier => new Measurement<long>(engine.LoopOf(tier) is { } loop ? value(loop) : 0, new KeyValuePair<string, object?>("tier", SharedTiers.NameOf(tier))));

    private static long StateOf(RemoteTierState state) => state.Health switch
    {
        RemoteHealth.Healthy => 1,
        RemoteHealth.ReadOnly => 2,
        RemoteHealth.Unavailable => 3,
        _ => 0,
    };
}
