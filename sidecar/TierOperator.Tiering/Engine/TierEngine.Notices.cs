namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>
    /// Told the id of a session that a caller has written or deleted, other than by an edit: whoever edits knows it. Raised on any
    /// thread, perhaps under locks: receivers take note and return.
    /// </summary>
    public event Action<byte[]>? SessionWritten;

    /// <summary>
    /// Told the id of a session that another sidecar has written or deleted; null when announcements may have been missed. Raised on
    /// the backplane's loop: receivers take note and return.
    /// </summary>
    public event Action<byte[]?>? SessionAnnounced;

    /// <summary>Told the id of a session whose time was over, when that is noticed. As <see cref="SessionWritten"/>.</summary>
    public event Action<byte[]>? SessionExpired;
}
