using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// Plans how what a shared tier has of a session is merged into what is here: item by item, the newer version stays. An item that the
/// tier lacks or remembers as removed goes, unless it has yet to hear of it.
/// </summary>
internal static class Adoption
{
    public static SessionPlan Plan(RuleTable rules, PresentSession present, SessionMutation mutation, long nowMs)
    {
        var adopted = mutation.Adopted!;
        var (remote, here) = (adopted.Session!, present.Header);
        var rule = rules.Stored(here?.Rule ?? remote.Header.Rule, mutation.Key.Span);
        var floor = ItemVersion.Newer(here?.Floor ?? ItemVersion.None, ItemVersion.Newer(remote.Header.Floor, adopted.Floor));
        var puts = new List<PlannedPut>();
        foreach (var item in remote.Items)
        {
            if (item.Version < floor || adopted.IsUndecided(item.Key) || present.VersionOf(item.Key) is { } version && version >= item.Version) continue;
            var place = rules.ForItem(rule, mutation.Key.Span, item.Key, null);
            puts.Add(new PlannedPut(new ItemWrite(item.Key, item.ContentType, item.Value), item.Version, place.UsesMemory, place.UsesDisk));
        }

        var deletes = Gone(present, adopted, floor);
        return new SessionPlan
        {
            Mutation = mutation,
            Status = here is null ? WriteStatus.Created : WriteStatus.Replaced,
            Rule = rule,
            Version = adopted.Newest,
            Header = Merge(rule, here, remote.Header, adopted.IsProjection, nowMs) with { Floor = floor },
            Puts = puts,
            Deletes = deletes,
            IsNoChange = here is { IsPartial: false } && puts.Count == 0 && deletes.Count == 0 && floor == here.Floor,
        };
    }

    private static List<ReadOnlyMemory<byte>> Gone(PresentSession present, RemoteSession adopted, ItemVersion floor)
    {
        var there = adopted.Session!.Items.Select(item => item.Key).ToHashSet(Values.KeyComparer.Instance);
        var gone = new List<ReadOnlyMemory<byte>>();
        foreach (var (key, version) in present.Versions())
        {
            var isUnknownThere = !adopted.IsProjection && !there.Contains(key) && version <= adopted.Newest && !adopted.IsOwed(key);
            if (version < floor || isUnknownThere || adopted.Outdates(key, version)) gone.Add(key);
        }

        return gone;
    }

    private static SessionHeader Merge(ActiveRule rule, SessionHeader? here, SessionHeader there, bool isProjection, long nowMs)
    {
        if (here is null) return there with { Rule = rule.Rule.Name, LastAccessMs = nowMs, DeadlineMs = rule.DeadlineOf(there.ExplicitDeadline, there.DeadlineMs, nowMs), IsPartial = isProjection };
        var isExplicit = here.ExplicitDeadline || (here.IsPartial && there.ExplicitDeadline);
        return here with
        {
            CreatedMs = Math.Min(here.CreatedMs, there.CreatedMs),
            ExplicitDeadline = isExplicit,
            DeadlineMs = rule.DeadlineOf(isExplicit, here.ExplicitDeadline ? here.DeadlineMs : there.DeadlineMs, here.LastAccessMs),
            Subject = here.Subject ?? there.Subject,
            IsPartial = here.IsPartial && isProjection,
        };
    }
}
