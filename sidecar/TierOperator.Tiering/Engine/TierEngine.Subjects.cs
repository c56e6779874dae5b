using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// Deletes every session about a subject, what is past its end and not yet swept included. Answers how many there were to
    /// be seen.
    /// </summary>
    public async ValueTask<int> EraseSubjectAsync(string subject, CancellationToken cancellationToken)
    {
        var erased = 0;
        await DiskShowsAllAsync(cancellationToken);
        foreach (var key in AllKeys())
        {
            if (HeaderOf(key)?.Subject != subject) continue;
            var outcome = await DeleteSessionAsync(key, default, cancellationToken);
            if (outcome.Succeeded) erased++;
        }

        if (_disk is null) return erased;
        foreach (var session in _disk.EnumerateSessions(pastTheirEnd: true))
            if (session.Header.Subject == subject) await DeleteSessionAsync(session.Key, default, cancellationToken);
        return erased;
    }

    /// <summary>Every session about a subject. The caller releases each.</summary>
    public IEnumerable<SessionSnapshot> ExportSubject(string subject)
    {
        foreach (var key in AllKeys())
            if (HeaderOf(key)?.Subject == subject && SnapshotOf(key) is { } session) yield return session;
    }

    private SessionHeader? HeaderOf(byte[] key) => Describe(key, withItems: false)?.Header;
}
