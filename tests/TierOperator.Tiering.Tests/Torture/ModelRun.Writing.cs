using TierOperator.TestKit.Model;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Torture;

public sealed partial class ModelRun
{
    private async Task<string?> WriteItemAsync(ModelOperation operation)
    {
        var change = operation.Changes[0];
        var condition = ConditionOf(change);
        var options = new WriteOptions { Condition = condition, Ttl = operation.Ttl };
        var outcome = change.IsDelete
            ? await Engine.DeleteItemAsync(SessionKey(change.Session), ItemKey(change.Item), options, CancellationToken.None)
            : await Engine.PutAsync(SessionKey(change.Session), WriteOf(change), options, CancellationToken.None);
        return ExplainWrite(change.Session, outcome, world =>
        {
            var present = world?.Items.GetValueOrDefault(ItemName(change.Item))?.Version;
            if (!condition.Allows(present)) return Fits(outcome.Status == WriteStatus.PreconditionFailed, LookedAt(world));
            if (change.IsDelete && present is null) return Fits(outcome.Status == WriteStatus.NotFound, LookedAt(world));
            return Written(outcome, isNew: present is null, world, [change], operation.Ttl, replace: false);
        });
    }

    private async Task<string?> WriteSessionAsync(ModelOperation operation)
    {
        var (replace, merge) = (operation.Kind == ModelOperationKind.Replace, operation.Kind == ModelOperationKind.Merge);
        var key = SessionKey(operation.Session);
        var deletes = operation.Changes.Where(change => change.IsDelete).Select(change => ItemKey(change.Item)).ToArray();
        var options = new WriteOptions { Ttl = operation.Ttl };
        Dictionary<string, (byte[] Bytes, ItemVersion Version, string ContentType)>? basis = null;
        var outcome = replace ? await Engine.ReplaceSessionAsync(key, Puts(operation), options, CancellationToken.None)
            : !merge ? await Engine.UpdateSessionAsync(key, Puts(operation), deletes, options, CancellationToken.None)
            : await Engine.MergeSessionAsync(
                key,
                present =>
                {
                    basis = Contents(present);
                    return new SessionChange(Puts(operation), deletes);
                },
                options,
                CancellationToken.None);
        return ExplainWrite(operation.Session, outcome, world =>
        {
            if (merge && !(world is null ? basis is null : basis is not null && AreSame(world, basis))) return Explained.No;
            var puts = operation.Changes.Count - deletes.Length;
            var isNothing = !replace && puts == 0 && deletes.Length > 0
                && (world is null || (deletes.Length == 1 && !world.Items.ContainsKey(Text(deletes[0]))));
            return isNothing ? Fits(outcome.Status == WriteStatus.NotFound, LookedAt(world))
                : Written(outcome, isNew: world is null, world, operation.Changes, operation.Ttl, replace);
        });
    }

    private async Task<string?> DeleteSessionAsync(ModelOperation operation)
    {
        var outcome = await Engine.DeleteSessionAsync(SessionKey(operation.Session), default, CancellationToken.None);
        return Explain(operation.Session, Told(outcome), world => Fits(
            outcome.Status == (world is null ? WriteStatus.NotFound : WriteStatus.Replaced), null));
    }

    /// <summary>All sessions of a batch are looked at together: it happens to all of them or to none.</summary>
    private async Task<string?> BatchAsync(ModelOperation operation)
    {
        var conditions = operation.Changes.Select(ConditionOf).ToList();
        var operations = operation.Changes.Select((change, i) => new BatchOperation(
            change.IsDelete ? BatchKind.Delete : BatchKind.Put, SessionKey(change.Session).ToArray(), ItemKey(change.Item).ToArray())
        {
            Value = change.IsDelete ? default : ItemValue.From(change.Value.ToBytes()),
            ContentType = TypeOf(change),
            Options = new WriteOptions { Condition = conditions[i] },
        }).ToList();
        var outcomes = (await Engine.BatchAsync(operations, atomic: true, CancellationToken.None)).Select(outcome => outcome.Write!.Value).ToList();
        if (outcomes.All(outcome => outcome.Status == WriteStatus.PreconditionFailed)) return RefusedBatch(operation, conditions);
        foreach (var group in operation.Changes.Select((change, i) => (Change: change, At: i)).GroupBy(part => part.Change.Session))
        {
            var failure = Explain(group.Key, $"batch {string.Join(", ", group.Select(part => Told(outcomes[part.At])))}", world =>
                ExplainPart(world, [.. group.Select(part => (part.Change, conditions[part.At], outcomes[part.At]))]));
            if (failure is not null) return failure;
        }

        return null;
    }

    private Explained ExplainPart(SessionWorld? world, List<(ModelChange Change, Precondition Condition, WriteOutcome Outcome)> parts)
    {
        if (_profile.IsLossy && parts.TrueForAll(part => part.Outcome.Status == WriteStatus.NoRoom)) return Explained.As(world);
        foreach (var (change, condition, outcome) in parts)
        {
            var present = world?.Items.GetValueOrDefault(ItemName(change.Item))?.Version;
            if (!condition.Allows(present)) return Explained.No;
            var expected = present is not null ? WriteStatus.Replaced : change.IsDelete ? WriteStatus.NotFound : WriteStatus.Created;
            if (outcome.Status != expected) return Explained.No;
        }

        if (parts.TrueForAll(part => part.Outcome.Status == WriteStatus.NotFound))
            return Explained.As(LookedAt(world) is { } seen ? seen with { AccessLowMs = Math.Min(seen.AccessLowMs, NowMs) } : null);
        return Explained.As(After(world, parts[0].Outcome.Version, [.. parts.Select(part => part.Change)], null, replace: false));
    }

    /// <summary>Some session must have had a state in which a precondition fails; nothing changed anywhere.</summary>
    private string? RefusedBatch(ModelOperation operation, List<Precondition> conditions)
    {
        var mayFail = operation.Changes.Where((change, i) => _oracles[change.Session].Views(NowMs)
            .Exists(view => !conditions[i].Allows(view.Shown?.Items.GetValueOrDefault(ItemName(change.Item))?.Version))).Any();
        foreach (var session in operation.Changes.Select(change => change.Session).Distinct())
            _oracles[session].Observe(NowMs, world => Explained.As(LookedAt(world)));
        return mayFail ? null : "the batch was refused, though every precondition holds";
    }

    /// <summary>A write that is refused may have loaded the session to decide on it, which is an access; it need not have.</summary>
    private SessionWorld? LookedAt(SessionWorld? world)
        => world is null ? null : world with { AccessHighMs = Math.Max(world.AccessHighMs, NowMs) };

    private string? ExplainWrite(int session, WriteOutcome outcome, Func<SessionWorld?, Explained> explain)
    {
        var failure = Explain(session, Told(outcome), explain);
        if (outcome.Succeeded) _newest = outcome.Version;
        return failure;
    }

    private Explained Written(
        WriteOutcome outcome, bool isNew, SessionWorld? world, IReadOnlyList<ModelChange> changes, TimeSpan? ttl, bool replace)
    {
        if (_profile.IsLossy && outcome.Status == WriteStatus.NoRoom) return Explained.As(world);
        if (outcome.Status != (isNew ? WriteStatus.Created : WriteStatus.Replaced)) return Explained.No;
        // Newer than what each item had, over restarts and clocks set back; and than all that this engine ever gave.
        if (outcome.Version <= _newest || (!replace && changes.Any(change => world?.Items.GetValueOrDefault(ItemName(change.Item)) is { } item && outcome.Version <= item.Version)))
            return Explained.No;
        return Explained.As(After(world, outcome.Version, changes, ttl, replace));
    }

    private SessionWorld After(SessionWorld? world, ItemVersion version, IReadOnlyList<ModelChange> changes, TimeSpan? ttl, bool replace)
    {
        var items = replace || world is null ? SessionWorld.Empty.Items : world.Items;
        foreach (var change in changes) items = items.Remove(ItemName(change.Item));
        foreach (var change in changes.Where(change => !change.IsDelete))
            items = items.SetItem(ItemName(change.Item), new ModelItem(change.Value, TypeOf(change), version));
        var before = replace || world is null ? SessionWorld.Empty : world;
        return (before with { Items = items, IsGone = false }).Written(NowMs, ttl);
    }

    private Precondition ConditionOf(ModelChange change) => change.Condition switch
    {
        ModelCondition.RightVersion => new Precondition { AnyOf = [NewestKnown(change)] },
        ModelCondition.WrongVersion => new Precondition { AnyOf = [NewestKnown(change) with { Node = 77 }] },
        ModelCondition.MustNotExist => new Precondition { MustNotExist = true },
        ModelCondition.MustExist => new Precondition { MustExist = true },
        _ => default,
    };

    private ItemVersion NewestKnown(ModelChange change)
        => _oracles[change.Session].Worlds.Select(world => world?.Items.GetValueOrDefault(ItemName(change.Item))?.Version).FirstOrDefault(version => version is not null) ?? ItemVersion.None;

    private static List<ItemWrite> Puts(ModelOperation operation) => [.. operation.Changes.Where(change => !change.IsDelete).Select(WriteOf)];

    private static ItemWrite WriteOf(ModelChange change) => new(ItemKey(change.Item), TypeOf(change), ItemValue.From(change.Value.ToBytes()));

    private static string TypeOf(ModelChange change) => (change.ValueId % 3) switch { 0 => "text/plain", 1 => "application/json", _ => "image/x-of-few" };

    private static string Told(WriteOutcome outcome) => $"{outcome.Status} {outcome.Version} {outcome.Detail}";
}
