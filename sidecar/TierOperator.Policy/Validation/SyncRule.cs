using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>The backplane has the server that it needs, and the backlog fits the disk. Only what is written is judged.</summary>
internal sealed class SyncRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (context.Spec.Sync is not { } sync || !context.TiersAreKnown) return;
        if (sync.Backplane is Backplane.Tracking or Backplane.PubSub && !context.Declared.HasFlag(TierSet.Redis))
            context.Report(PolicyCodes.BackplaneTier, "spec.sync.backplane", $"{sync.Backplane} goes through Redis, which is not declared", "declare `spec.tiers.redis`, or write `backplane: Auto`");
        if (sync.Backplane == Backplane.Notify && !context.Declared.HasFlag(TierSet.Postgres))
            context.Report(PolicyCodes.BackplaneTier, "spec.sync.backplane", "Notify goes through PostgreSQL, which is not declared", "declare `spec.tiers.postgres`, or write `backplane: Auto`");
        if (context.Effective.Tiers!.Spillover?.Capacity is { } capacity && sync.MaxBacklog > capacity)
            context.Report(PolicyCodes.BacklogSize, "spec.sync.maxBacklog", "the backlog lies in the spillover tier, which is smaller", $"write at most {capacity}, or give spillover more capacity");
    }
}
