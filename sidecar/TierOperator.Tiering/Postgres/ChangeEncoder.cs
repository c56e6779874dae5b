using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Postgres;

/// <summary>Turns changes into columns. Copies every value, so that a call that is left behind needs nothing of its caller's.</summary>
internal sealed class ChangeEncoder(PostgresTierOptions options)
{
    /// <summary>What the server takes as text has no NUL; rules, categories and content types never have one, a subject might.</summary>
    private const char Nul = '\0';

    /// <summary>Why a change can never be stored here; null where it can.</summary>
    public static string? RefusalOf(RemoteChange change)
    {
        foreach (var put in change.Puts)
        {
            if (put.Value.Length > StoredValue.MaxBytes) return $"An item of {put.Value.Length} bytes is larger than the {StoredValue.MaxBytes} that the postgres tier takes.";
            if (put.ContentType.Contains(Nul, StringComparison.Ordinal)) return "A content type with a NUL character cannot be stored in PostgreSQL.";
        }

        return change.Header?.Subject?.Contains(Nul, StringComparison.Ordinal) == true ? "A subject with a NUL character cannot be stored in PostgreSQL." : null;
    }

    public static long BytesOf(RemoteChange change)
    {
        var bytes = (long)change.Session.Length;
        foreach (var put in change.Puts) bytes += put.Value.Length + put.Key.Length;
        return bytes;
    }

    public void Encode(RemoteChange change, ChangeColumns columns)
    {
        var items = Newest(change);
        columns.Add(SessionOf(change, items), items);
        if (change.IsUnheardByRedis) columns.Unheard.Add(change.Session.ToArray());
        if (options.Announce && change is { IsAnnounced: true, IsToldByRedis: false }) AnnouncementNote.Add(columns.Notes, change.Session.Span, NewestOf(change));
    }

    private static SessionRow SessionOf(RemoteChange change, IReadOnlyCollection<ItemRow> items)
    {
        var row = new SessionRow(LookupKey.Of(change.Session.Span), LookupKey.LongOf(change.Session.Span))
        {
            Floor = change.Header?.Floor ?? change.Floor,
            Newest = NewestOf(change),
            ExpiresMs = change.ExpiresMs > 0 ? change.ExpiresMs : long.MaxValue,
        };
        if (change.Header is not { } header) return row with { DeadlineMs = row.ExpiresMs };
        return row with
        {
            Rule = header.Rule,
            Kind = header.Kind,
            Subject = header.Subject,
            CreatedMs = header.CreatedMs,
            AccessedMs = header.LastAccessMs,
            DeadlineMs = header.DeadlineMs > 0 ? header.DeadlineMs : long.MaxValue,
            FixedDeadline = header.ExplicitDeadline,
            Accesses = header.Accesses,
            Parent = change.Parent is { } parent ? LookupKey.Of(parent.Span) : null,
            Category = change.DataCategory,
            Items = items.Count(static item => item.Value is not null),
            Bytes = items.Sum(static item => (long)(item.Value?.Length ?? 0)),
        };
    }

    private static ItemVersion NewestOf(RemoteChange change)
    {
        var newest = change.Newest;
        foreach (var put in change.Puts) newest = put.Version > newest ? put.Version : newest;
        foreach (var removal in change.Removals) newest = removal.Version > newest ? removal.Version : newest;
        return newest > change.Floor ? newest : change.Floor;
    }

    /// <summary>Each item once, its newest version, and none below the change's own floor.</summary>
    private Dictionary<byte[], ItemRow>.ValueCollection Newest(RemoteChange change)
    {
        var rows = new Dictionary<byte[], ItemRow>(KeyComparer.Instance);
        if (change.Header is not { } header) return rows.Values;
        foreach (var removal in change.Removals) Keep(rows, header, new ItemRow(LookupKey.Of(removal.Item.Span), LookupKey.LongOf(removal.Item.Span), removal.Version));
        foreach (var put in change.Puts) Keep(rows, header, ItemOf(put, header.Rule));
        return rows.Values;
    }

    private static void Keep(Dictionary<byte[], ItemRow> rows, SessionHeader header, ItemRow row)
    {
        if (row.Version < header.Floor) return;
        if (!rows.TryGetValue(row.Lookup, out var other) || row.Version > other.Version) rows[row.Lookup] = row;
    }

    private ItemRow ItemOf(ItemSnapshot put, string rule)
    {
        var stored = StoredValue.Encode(options.Remote.Compression, put.Value);
        var row = new ItemRow(LookupKey.Of(put.Key), LookupKey.LongOf(put.Key), put.Version)
        {
            ContentType = put.ContentType, Codec = stored.Codec, Length = stored.Length, Value = stored.Bytes,
        };
        return put.Value.Length > QueryableJson.MaxBytes ? row : row with { Document = DocumentOf(put), Words = WordsOf(put, rule) };
    }

    private static string? DocumentOf(ItemSnapshot put)
        => MediaType.IsJson(put.ContentType) ? QueryableJson.TextOf(put.ContentType, put.Value.Large is null ? put.Value.Bytes.Span : put.Value.ToArray()) : null;

    private string? WordsOf(ItemSnapshot put, string rule)
        => options.Search ? Search.SearchText.WordsOf(put.Key, put.ContentType, put.Value, options.MaskOf(rule)) : null;
}
