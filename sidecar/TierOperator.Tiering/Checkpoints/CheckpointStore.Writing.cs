using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Checkpoints;

/// <summary>New checkpoints, and those that are written anew without what was erased since.</summary>
public sealed partial class CheckpointStore
{
    /// <summary>
    /// Writes each checkpoint that holds something to leave out anew, without it, under its id and its time; the old file goes with the
    /// rename. Where there is no room for both, or its bytes no longer check, the checkpoint goes: what was erased must not stay for the sake
    /// of a copy. One whose key is not at hand cannot be looked into, and is counted.
    /// </summary>
    /// <exception cref="CheckpointException">The disk failed: ask again.</exception>
    internal async Task<CheckpointErasure> EraseAsync(Func<SessionSnapshot, bool> isErased, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => Ids().ToList().Aggregate(default(CheckpointErasure), (all, id) => all.With(EraseFrom(id, isErased))), CancellationToken.None);
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            throw new CheckpointException(CheckpointFault.Disk, $"A checkpoint could not be written anew: {error.Message} Look after the disk and try again.", error);
        }
        finally
        {
            _writing.Release();
        }
    }

    private CheckpointErasure EraseFrom(string id, Func<SessionSnapshot, bool> isErased)
    {
        try
        {
            using var reader = Open(id);
            if (Kept(reader, session => !isErased(session)).Count(Released) == reader.Info.Sessions) return default;
            var before = _door.List(_folder).First(file => file.Name == id + CheckpointFile.Extension).Length;
            WriteFile(id, reader.Info.CreatedMs, Kept(reader, session => !isErased(session)), null, CancellationToken.None);
            _budget.Release(DiskErrors.ToBlocks(before));
            return new CheckpointErasure(Rewritten: 1, Dropped: 0, Unread: 0);
        }
        catch (CheckpointException fault) when (fault.Kind is CheckpointFault.NoRoom or CheckpointFault.Damaged)
        {
            Delete(id);
            return new CheckpointErasure(Rewritten: 0, Dropped: 1, Unread: 0);
        }
        catch (CheckpointException fault) when (fault.Kind is CheckpointFault.KeyMissing or CheckpointFault.NewerFormat)
        {
            return new CheckpointErasure(Rewritten: 0, Dropped: 0, Unread: 1);
        }
    }

    private static IEnumerable<SessionSnapshot> Kept(CheckpointReader reader, Func<SessionSnapshot, bool> isKept)
    {
        foreach (var session in reader.Sessions())
        {
            if (isKept(session)) yield return session;
            else session.Release();
        }
    }

    private static bool Released(SessionSnapshot session)
    {
        session.Release();
        return true;
    }

    private CheckpointInfo WriteNew(IEnumerable<SessionSnapshot> sessions, IProgress<CheckpointProgress>? progress, CancellationToken cancellation)
    {
        var id = NextId();
        try
        {
            return WriteFile(id, _time.GetUtcNow().ToUnixTimeMilliseconds(), sessions, progress, cancellation);
        }
        catch
        {
            TryDelete(PathOf(id));
            throw;
        }
    }

    /// <summary>The file is there under its name, whole and durable, or as it was before.</summary>
    private CheckpointInfo WriteFile(string id, long createdMs, IEnumerable<SessionSnapshot> sessions, IProgress<CheckpointProgress>? progress, CancellationToken cancellation)
    {
        var header = new CheckpointFile.Header(SegmentHeader.NewId(), _keys?.CurrentId ?? "", createdMs);
        var temporary = PathOf(id) + SegmentSet.TemporaryExtension;
        CheckpointWriter? writer = null;
#pragma warning disable CA2000 // the writer owns the file and the cipher
        try
        {
            writer = new CheckpointWriter(_door.Open(temporary, DiskOpen.Create), header, _budget, CipherOf(header, id));
#pragma warning restore CA2000
            foreach (var session in sessions)
            {
                try
                {
                    cancellation.ThrowIfCancellationRequested();
                    writer.Add(session);
                }
                finally
                {
                    session.Release();
                }

                progress?.Report(new CheckpointProgress(writer.Sessions, writer.Items, writer.Position));
            }

            writer.Complete();
            _door.Rename(temporary, PathOf(id));
            _door.SyncFolder(_folder);
            _budget.Release(writer.ReservedBytes - DiskErrors.ToBlocks(writer.Position));
            return new CheckpointInfo(id, createdMs, writer.Sessions, writer.Items, writer.Position);
        }
        catch
        {
            _budget.Release(writer?.ReservedBytes ?? 0);
            TryDelete(temporary);
            throw;
        }
        finally
        {
            writer?.Dispose();
        }
    }
}

/// <summary>Checkpoints that an erasure has written anew, given up, or could not look into.</summary>
internal readonly record struct CheckpointErasure(int Rewritten, int Dropped, int Unread)
{
    public CheckpointErasure With(CheckpointErasure other) => new(Rewritten + other.Rewritten, Dropped + other.Dropped, Unread + other.Unread);
}
