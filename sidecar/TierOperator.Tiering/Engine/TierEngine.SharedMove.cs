using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>How long a move by hand waits for the tier that it moves to.</summary>
    private static readonly TimeSpan s_movePatience = TimeSpan.FromSeconds(2);

    /// <summary>The shared tiers that hold a session now, asked one by one.</summary>
    public async ValueTask<TierSet> TiersThereAsync(byte[] session, CancellationToken cancellationToken)
        => (await CopiesThereAsync(session, cancellationToken)).Where(static copy => copy.Status == RemoteReadStatus.Found)
            .Aggregate(TierSet.None, static (tiers, copy) => tiers | copy.Tier);

    /// <summary>Brings a session that only shared tiers hold here, whole. False where they do not hold it, or do not answer.</summary>
    private async ValueTask<bool> BringHereAsync(ReadOnlyMemory<byte> session, ulong hash, CancellationToken cancellationToken)
    {
        var tiers = _rules.SharedTiersOf(session.Span);
        if (tiers == TierSet.None) return false;
        var answer = await ConsultAsync(session.ToArray(), tiers, cancellationToken);
        try
        {
            if (answer.Status != ReadStatus.Found) return false;
            await AdoptAsync(session, hash, answer, cancellationToken);
            return IsHere(session.Span, hash);
        }
        finally
        {
            answer.Release();
        }
    }

    /// <summary>
    /// Moves a session down into a shared tier. 1. It must be here. 2. The tier hears of all of it, now. 3. Memory gives it up; the disk,
    /// which is the journal, keeps it until its time there is over. Without a disk a shared tier must hold all of it.
    /// </summary>
    private async ValueTask<MoveOutcome> SendDownAsync(ReadOnlyMemory<byte> session, TierSet to, CancellationToken cancellationToken)
    {
        var key = session.ToArray();
        if (_shared?.Of(to) is not { } loop) return Moved(session, WriteStatus.Unprocessable) with { Detail = "The policy declares no such tier." };
        if (HeaderOf(key) is not { } header)
        {
            var there = await TiersThereAsync(key, cancellationToken);
            return there.HasFlag(to) ? new MoveOutcome(WriteStatus.Replaced, there) : Moved(session, WriteStatus.NotFound);
        }

        var rule = _rules.Stored(header.Rule, key);
        if (!rule.SharedTiers.HasFlag(to)) return Moved(session, WriteStatus.Unprocessable) with { Detail = $"Its rule, {rule.Rule.Name}, does not name the tier {SharedTiers.NameOf(to)}." };
        var sent = loop.Outbox.Note(new OwedNote(key, header.Floor, _clock.NowMs) { Header = header, IsWhole = true }, wait: true)!;
        var taken = loop.Link.CanWrite && await IsTakenAsync(sent, cancellationToken);
        if (!taken) return Moved(session, WriteStatus.Unavailable) with { Detail = $"{SharedTiers.NameOf(to)} has not taken it yet; it is sent as soon as the tier can. Nothing was moved." };
        return await EvictAsync(session, cancellationToken);
    }

    /// <summary>
    /// Why memory must keep a session that no disk holds; null where a shared tier has all of it, and none has yet to hear of it, for it would
    /// hear it from memory. Each is told all of it now, and asked: it may keep a projection, by the rule or by a write's own strategy.
    /// </summary>
    private async ValueTask<MoveOutcome?> NotBelowAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
    {
        var key = session.ToArray();
        var tiers = HeaderOf(key) is { } header ? _rules.Stored(header.Rule, key).SharedTiers : TierSet.None;
        if (tiers == TierSet.None)
            return Moved(session, WriteStatus.Unprocessable) with { Detail = "Its rule has no tier below memory: evicting it would lose it. Delete it instead." };
        var (isAway, isHeld) = (false, false);
        foreach (var loop in _shared!.Loops.Reverse().Where(loop => tiers.HasFlag(loop.Link.Flag)))
        {
            var held = await HoldsAllAsync(loop, key, cancellationToken);
            isHeld |= held == true;
            isAway |= held is null;
        }

        if (isHeld && !isAway && await OwesNothingAsync(key, cancellationToken)) return null;
        return isHeld || isAway
            ? Moved(session, WriteStatus.Unavailable) with { Detail = $"{SharedTiers.NamesOf(tiers)} has not taken it yet, and no disk holds it: try again." }
            : Moved(session, WriteStatus.Unprocessable) with { Detail = $"{SharedTiers.NamesOf(tiers)} keeps a part of it only, and no disk holds it: evicting it would lose the rest. Name a strategy that keeps all of it, or delete it." };
    }

    /// <summary>What is on its way arrives, and what comes of that (one tier's word may be news for the other).</summary>
    private async ValueTask<bool> OwesNothingAsync(byte[] key, CancellationToken cancellationToken)
    {
        while (_shared!.Loops.FirstOrDefault(loop => loop.Outbox.Owes(key)) is { } loop)
        {
            if (!loop.Link.CanWrite) return false;
            if (loop.Outbox.Hurry(key) is { } sent && !await IsTakenAsync(sent, cancellationToken)) return false;
        }

        return true;
    }

    /// <summary>Whether a tier holds all that is here, or newer; null where it does not say.</summary>
    private async ValueTask<bool?> HoldsAllAsync(SyncLoop loop, byte[] key, CancellationToken cancellationToken)
    {
        if (!loop.Link.CanWrite || Describe(key, withItems: true) is not { } here) return null;
        var sent = loop.Outbox.Note(new OwedNote(key, here.Header.Floor, _clock.NowMs) { Header = here.Header, IsWhole = true }, wait: true)!;
        if (!await IsTakenAsync(sent, cancellationToken)) return null;
        var there = await loop.Link.ReadSessionAsync(key, cancellationToken);
        try
        {
            if (there.Status == RemoteReadStatus.Unavailable) return null;
            var held = there.Session?.Items.ToDictionary(static item => item.Key, static item => item.Version, KeyComparer.Instance);
            return held is not null && !there.IsProjection && here.Items.All(item => held.TryGetValue(item.Key, out var version) && version >= item.Version);
        }
        finally
        {
            there.Session?.Release();
        }
    }

    private static async ValueTask<bool> IsTakenAsync(Task<RemoteResult> sent, CancellationToken cancellationToken)
    {
        try
        {
            return (await sent.WaitAsync(s_movePatience, cancellationToken)).Status is RemoteStatus.Applied or RemoteStatus.Older;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
