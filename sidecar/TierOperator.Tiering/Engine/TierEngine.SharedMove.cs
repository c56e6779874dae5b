using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Sync;

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
    /// which is the journal, keeps it until its time there is over.
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
        return rule.UsesDisk ? await EvictAsync(session, cancellationToken) : Moved(session, WriteStatus.Replaced);
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
