using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Sync;

/// <summary>What this process holds of a session that is owed. Whoever does not send them releases the values.</summary>
internal sealed class HeldItems(SessionHeader? header, List<ItemSnapshot> items, bool isWhole)
{
    /// <summary>Null: nothing is here any more.</summary>
    public SessionHeader? Header => header;

    /// <summary>The items are all that the session has.</summary>
    public bool IsWhole => isWhole;

    /// <summary>Those of a session that the note asks for.</summary>
    public static HeldItems Of(OwedSession owed, SessionSnapshot session)
    {
        var items = new List<ItemSnapshot>();
        foreach (var item in session.Items)
        {
            if (owed.IsWhole || (owed.Items.TryGetValue(item.Key, out var change) && item.Version >= change.Version)) items.Add(item);
            else item.Value.Release();
        }

        return new HeldItems(session.Header, items, !session.Header.IsPartial && items.Count == session.Items.Count && items.Count > 0);
    }

    /// <summary>With what the note itself carries, where nothing as new is held.</summary>
    public HeldItems WithCarried(OwedSession owed)
    {
        foreach (var (item, change) in owed.Items)
            if (change.Carried is { } carried && !Has(item)) items.Add(carried);
        return this;
    }

    public IReadOnlyList<ItemSnapshot> Items => items;

    public bool Has(byte[] item) => items.Exists(held => held.Key.AsSpan().SequenceEqual(item));

    public void Release()
    {
        foreach (var item in items) item.Value.Release();
    }
}
