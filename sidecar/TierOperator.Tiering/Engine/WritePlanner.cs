using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// Decides what a mutation does: rule, precondition, limits, version, places. Changes nothing, so that a refusal leaves
/// everything as it was.
/// </summary>
internal sealed class WritePlanner(HybridClock clock)
{
    public SessionPlan Plan(RuleTable rules, PresentSession present, SessionMutation mutation, long nowMs)
    {
        if (mutation.Adopted is not null) return Adoption.Plan(rules, present, mutation, nowMs);
        if (mutation.Planned is { } planned) return TakenOver(rules, present, mutation, planned);
        if (mutation.Decide is { } decide) mutation = Decided(present, mutation, decide);
        if (mutation.Rewrite is { } rewrite)
        {
            if (Rewritten(present, rewrite) is not { } rewritten) return Refused(mutation, FindRule(rules, present, mutation), WriteStatus.NotFound, null);
            mutation = rewritten with { IsKnownAbsent = mutation.IsKnownAbsent };
        }

        var header = present.Header;
        var rule = FindRule(rules, present, mutation);
        if (!mutation.Options.Condition.Allows(ConditionVersion(present, header, mutation)))
            return Refused(mutation, rule, WriteStatus.PreconditionFailed, "The precondition does not hold; read it again and decide anew.");
        if (rule.Rule.OnConflict == ConflictStrategy.Manual && mutation.IsBlind && Disputed(present, mutation) is { } disputed)
            return Refused(mutation, rule, WriteStatus.Conflict, $"The item '{disputed}' has versions that nobody has chosen between (onConflict: Manual). Read it, then write or delete it with If-Match and its ETag.");
        if (mutation.Decided is not null) return Accepted(rules, present, mutation, rule, header, nowMs); // elsewhere, and by what stands there
        if (header is null && ((mutation.Delete && rules.SharedTiersOf(mutation.Key.Span) == TierSet.None) || (mutation.Puts.Count == 0 && mutation.Deletes.Count > 0)))
            return Refused(mutation, rule, WriteStatus.NotFound, null);
        if (mutation is { Puts.Count: 0, Deletes.Count: 1, Replace: false, Delete: false }
            && present.VersionOf(mutation.Deletes[0].Span) is null)
            return Refused(mutation, rule, WriteStatus.NotFound, null);
        if (TooManyItems(rules.Policy, present, mutation, out var limit))
            return Refused(mutation, rule, WriteStatus.Unprocessable, $"The session would hold more than maxItemsPerSession ({limit}) items.");
        return Accepted(rules, present, mutation, rule, header, nowMs);
    }

    private SessionPlan Accepted(
        RuleTable rules, PresentSession present, SessionMutation mutation, ActiveRule rule, SessionHeader? header, long nowMs)
    {
        var version = mutation.Decided ?? clock.Next(Newest(present, header, mutation));
        var isNew = mutation.ConditionItem is { } item ? present.VersionOf(item.Span) is null : header is null;
        return new SessionPlan
        {
            Mutation = mutation,
            Status = isNew ? WriteStatus.Created : WriteStatus.Replaced,
            Rule = rule,
            Version = version,
            Header = NextHeader(rule, header, mutation, version, nowMs),
            Puts = [.. mutation.Puts.Select(put => Place(rules, rule, mutation, put, present, version))],
            Deletes = mutation.Deletes,
            Seen = rule.IsShared && rule.Rule.OnConflict != ConflictStrategy.LatestWins ? SeenBy(present, mutation) : null,
        };
    }

    /// <summary>
    /// As it was decided, rule and deadline too: what is here may be a part of what the plan was made on, or nothing. Only what this sidecar
    /// alone knows is its own: which part of the session is here.
    /// </summary>
    private static SessionPlan TakenOver(RuleTable rules, PresentSession present, SessionMutation mutation, SessionPlan planned)
    {
        var (before, header) = (present.Header, planned.Header!);
        var rule = rules.Stored(header.Rule, mutation.Key.Span);
        return new SessionPlan
        {
            Mutation = mutation,
            Status = planned.Status,
            Rule = rule,
            Version = planned.Version,
            Header = header with
            {
                Floor = mutation.Replace || mutation.Delete ? planned.Version : before?.Floor ?? header.Floor,
                IsPartial = IsPartial(rule, before, mutation),
                Accesses = (before?.Accesses ?? 0) + 1,
            },
            Puts = planned.Puts,
            Deletes = mutation.Deletes,
            Seen = planned.Seen,
        };
    }

    private static bool IsPartial(ActiveRule rule, SessionHeader? before, SessionMutation mutation)
        => !mutation.Replace && (before?.IsPartial ?? (rule.IsShared && !mutation.IsKnownAbsent));

    private static Dictionary<byte[], ItemVersion> SeenBy(PresentSession present, SessionMutation mutation)
    {
        var seen = new Dictionary<byte[], ItemVersion>(KeyComparer.Instance);
        foreach (var item in mutation.Puts.Select(static put => put.Item).Concat(mutation.Deletes))
            if (present.VersionOf(item.Span) is { } version) seen[item.ToArray()] = version;
        return seen;
    }

    /// <summary>The first item that the write would change and that stands as a conflict; deleting the whole session decides it.</summary>
    private static string? Disputed(PresentSession present, SessionMutation mutation)
    {
        if (present.Header is null || mutation.Delete) return null;
        var changed = mutation.Puts.Select(static put => put.Item).Concat(mutation.Deletes);
        if (mutation.Replace) changed = changed.Concat(present.Versions().Select(static item => (ReadOnlyMemory<byte>)item.Key));
        foreach (var item in changed)
            if (ConflictDocument.IsOne(present.ContentTypeOf(item.Span))) return Encoding.UTF8.GetString(item.Span);
        return null;
    }

    private static ActiveRule FindRule(RuleTable rules, PresentSession present, SessionMutation mutation)
    {
        var matcher = rules.Policy.Matcher;
        var fields = matcher.NeedsFields(mutation.Key.Span) ? new FieldsAfterWrite(present, mutation) : null;
        return rules[matcher.MatchSession(mutation.Key.Span, fields)];
    }

    private static PlannedPut Place(RuleTable rules, ActiveRule rule, SessionMutation mutation, ItemWrite put, PresentSession present, ItemVersion version)
    {
        if (!rules.HasItemRules) return new PlannedPut(put, version, rule.UsesMemory, rule.UsesDisk);
        var fields = rules.Policy.Matcher.NeedsFields(mutation.Key.Span) ? new FieldsAfterWrite(present, mutation) : null;
        var itemRule = rules.ForItem(rule, mutation.Key.Span, put.Item.Span, fields);
        return new PlannedPut(put, version, itemRule.UsesMemory, itemRule.UsesDisk);
    }

    private static SessionMutation? Rewritten(PresentSession present, Func<SessionSnapshot?, SessionMutation?> rewrite)
    {
        var snapshot = present.Snapshot();
        try
        {
            return rewrite(snapshot);
        }
        finally
        {
            snapshot?.Release();
        }
    }

    private static SessionMutation Decided(
        PresentSession present, SessionMutation mutation, Func<SessionSnapshot?, SessionChange> decide)
    {
        var snapshot = present.Snapshot();
        try
        {
            var change = decide(snapshot);
            return mutation with { Puts = change.Puts, Deletes = change.Deletes, Decide = null };
        }
        finally
        {
            snapshot?.Release();
        }
    }

    private static ItemVersion? ConditionVersion(PresentSession present, SessionHeader? header, SessionMutation mutation)
    {
        if (mutation.Options.Condition.IsNone) return null;
        if (mutation.ConditionItem is { } item) return present.VersionOf(item.Span);
        if (header is null) return null;
        var snapshot = present.Snapshot();
        if (snapshot is null) return null;
        var version = SessionVersion.Of(snapshot);
        snapshot.Release();
        return version;
    }

    private static bool TooManyItems(CompiledPolicy policy, PresentSession present, SessionMutation mutation, out int limit)
    {
        limit = policy.Memory?.MaxItemsPerSession ?? 0;
        if (limit == 0 || mutation.Puts.Count == 0) return false;
        var before = mutation.Replace ? 0 : present.ItemCount;
        var after = before;
        foreach (var put in mutation.Puts)
            if (mutation.Replace || present.VersionOf(put.Item.Span) is null) after++;
        return after > limit && after > before;
    }

    private static ItemVersion Newest(PresentSession present, SessionHeader? header, SessionMutation mutation)
    {
        var newest = header?.Floor ?? ItemVersion.None;
        foreach (var put in mutation.Puts)
            if (present.VersionOf(put.Item.Span) is { } version && version > newest) newest = version;
        foreach (var gone in mutation.Deletes)
            if (present.VersionOf(gone.Span) is { } version && version > newest) newest = version;
        return newest;
    }

    private static SessionHeader NextHeader(
        ActiveRule rule, SessionHeader? before, SessionMutation mutation, ItemVersion version, long nowMs)
    {
        var asked = mutation.Options.Ttl is { } ttl ? nowMs + (long)ttl.TotalMilliseconds : mutation.Options.DeadlineMs;
        var isExplicit = asked is not null || (before is { ExplicitDeadline: true } && !mutation.Replace && !mutation.Options.Persist);
        var explicitMs = asked ?? before?.DeadlineMs ?? 0;
        return new SessionHeader
        {
            Rule = rule.Rule.Name,
            CreatedMs = mutation.Restored?.CreatedMs ?? before?.CreatedMs ?? nowMs,
            LastAccessMs = nowMs,
            ExplicitDeadline = isExplicit,
            DeadlineMs = rule.DeadlineOf(isExplicit, explicitMs, nowMs),
            Floor = mutation.Replace || mutation.Delete ? version : before?.Floor ?? ItemVersion.None,
            Kind = mutation.Kind ?? mutation.Restored?.Kind ?? before?.Kind ?? 0,
            Subject = mutation.Options.Subject ?? before?.Subject,
            IsPartial = IsPartial(rule, before, mutation),
            Accesses = (before?.Accesses ?? 0) + 1,
        };
    }

    private static SessionPlan Refused(SessionMutation mutation, ActiveRule rule, WriteStatus status, string? detail)
        => new() { Mutation = mutation, Status = status, Rule = rule, Detail = detail };
}
