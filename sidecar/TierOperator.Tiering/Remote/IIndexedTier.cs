namespace TierOperator.Tiering.Remote;

/// <summary>A tier that finds sessions by whom they are about and by what they belong to.</summary>
/// <remarks>Thread-safe. Not to be had is a status, as in <see cref="IRemoteTier"/>.</remarks>
public interface IIndexedTier
{
    /// <summary>Sessions of a subject after <paramref name="after"/>, in the order of their keys.</summary>
    ValueTask<RemoteListing> ListSubjectAsync(string subject, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken);

    /// <summary>Sessions whose parent this one is, in the order of their keys.</summary>
    ValueTask<RemoteListing> ListChildrenAsync(ReadOnlyMemory<byte> parent, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes all that carries a subject, archives included. Nothing at or below <paramref name="floor"/> can come back for as long as
    /// deletes are remembered. Goes on where it was when called again after a failure.
    /// </summary>
    ValueTask<RemoteDeletion> EraseSubjectAsync(string subject, ItemVersion floor, CancellationToken cancellationToken);

    /// <summary>Deletes the children of a session, theirs, and so on.</summary>
    ValueTask<RemoteDeletion> DeleteChildrenAsync(ReadOnlyMemory<byte> parent, ItemVersion floor, CancellationToken cancellationToken);
}

/// <summary>What was deleted. Not complete: the tier failed on the way; what is listed is gone all the same.</summary>
public sealed record RemoteDeletion(bool IsComplete, IReadOnlyList<byte[]> Sessions)
{
    /// <summary>Archived copies that went too.</summary>
    public int Archived { get; init; }
}
