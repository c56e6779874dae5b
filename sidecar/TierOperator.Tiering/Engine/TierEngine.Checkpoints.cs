using TierOperator.Tiering.Checkpoints;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    private readonly CheckpointStore? _checkpoints;

    /// <summary>
    /// Writes a copy of all live sessions to the data folder. Each session is whole; between two sessions time goes on.
    /// </summary>
    /// <exception cref="CheckpointException">There is no data folder, it does not fit, or the disk failed.</exception>
    public async ValueTask<CheckpointInfo> CreateCheckpointAsync(CancellationToken cancellationToken)
    {
        var store = RequireCheckpoints();
        await DiskShowsAllAsync(cancellationToken);
        return await store.CreateAsync(AllSessions(), cancellationToken);
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<CheckpointInfo> ListCheckpoints() => _checkpoints?.List() ?? [];

    /// <summary>
    /// Brings every session of a checkpoint back as it was, as new writes. What is past its deadline stays gone, and sessions
    /// that the checkpoint does not hold stay as they are. The whole file is checked before the first session is touched.
    /// </summary>
    /// <exception cref="CheckpointException">There is none of that id, or it cannot be read whole.</exception>
    public async ValueTask<RestoreOutcome> RestoreCheckpointAsync(string id, CancellationToken cancellationToken)
    {
        using var reader = RequireCheckpoints().Open(id);
        var (restored, expired, failed, erased) = (0, 0, 0, 0);
        foreach (var session in reader.Sessions())
        {
            if (session.Header.DeadlineMs <= _clock.NowMs)
            {
                session.Release();
                expired++;
                continue;
            }

            if (_erasures?.Covers(session.Header.Subject, NewestOf(session)) == true)
            {
                session.Release();
                erased++;
                continue;
            }

            if ((await RestoreAsync(session, cancellationToken)).Succeeded) restored++;
            else failed++;
        }

        return new RestoreOutcome(id, restored, expired, failed) { Erased = erased };
    }

    private static ItemVersion NewestOf(SessionSnapshot session)
        => session.Items.Select(static item => item.Version).Append(session.Header.Floor).Max();

    /// <summary>The references of the session's large values pass to the write.</summary>
    private ValueTask<WriteOutcome> RestoreAsync(SessionSnapshot session, CancellationToken cancellationToken)
        => MutateAsync(
            new SessionMutation(session.Key)
            {
                Puts = [.. session.Items.Select(item => new ItemWrite(item.Key, item.ContentType, item.Value))],
                Replace = true,
                Restored = session.Header,
                Options = new WriteOptions
                {
                    Subject = session.Header.Subject,
                    Ttl = session.Header.ExplicitDeadline ? TimeSpan.FromMilliseconds(session.Header.DeadlineMs - _clock.NowMs) : null,
                },
            },
            cancellationToken);

    private CheckpointStore RequireCheckpoints() => _checkpoints
        ?? throw new CheckpointException(CheckpointFault.NotFound, "Checkpoints are kept in the data folder, and there is none: declare tiers.spillover and give --data.");
}

/// <summary>What a restore came to: sessions written back, past their deadline, and refused by the tiers.</summary>
public sealed record RestoreOutcome(string Id, int Restored, int Expired, int Failed)
{
    /// <summary>Sessions left out because their subject was erased since.</summary>
    public int Erased { get; init; }
}
