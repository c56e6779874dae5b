using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// The version of a session as a document: changes when any item is written or removed, whatever the order. The stamp is
/// the newest item's; the node field is a fold over all items, because a removal leaves the newest stamp as it was.
/// </summary>
public static class SessionVersion
{
    // Fixed, unlike every other seed: an ETag must mean the same after a restart and in another pod.
    private const ulong Seed = 0x7469657273657373;

    public static ItemVersion Of(SessionSnapshot session)
    {
        ulong newest = session.Header.Floor.Stamp, fold = 0;
        foreach (var item in session.Items)
        {
            newest = Math.Max(newest, item.Version.Stamp);
            fold += KeyHash.Compute(item.Key, Seed ^ item.Version.Stamp ^ item.Version.Node);
        }

        return new ItemVersion(newest, (uint)(fold ^ (fold >> 32)));
    }
}
