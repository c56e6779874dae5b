using Npgsql;
using NpgsqlTypes;

namespace TierOperator.Tiering.Postgres;

/// <summary>The parameters of <c>apply</c>: a column per array, sessions and items. Order and types are the function's.</summary>
internal sealed class ChangeColumns
{
    private readonly List<SessionRow> _sessions = [];
    private readonly List<ItemRow> _items = [];

    public int Sessions => _sessions.Count;
    public List<string> Notes { get; } = [];

    /// <summary>Sessions that Redis has yet to hear of, in the order of the changes: they are noted in the same statement.</summary>
    public List<byte[]> Unheard { get; } = [];

    /// <summary>Bytes of all values, for deciding how much goes into one statement.</summary>
    public long Bytes { get; private set; }

    public void Add(SessionRow session, IEnumerable<ItemRow> items)
    {
        _sessions.Add(session);
        foreach (var item in items)
        {
            _items.Add(item with { Owner = _sessions.Count });
            Bytes += item.Value?.Length ?? 0;
        }
    }

    public void AddTo(NpgsqlParameterCollection parameters)
    {
        AddSessionsTo(parameters);
        AddItemsTo(parameters);
    }

    private void AddSessionsTo(NpgsqlParameterCollection parameters)
    {
        Column(parameters, NpgsqlDbType.Bytea, _sessions, static row => row.Lookup);
        Column(parameters, NpgsqlDbType.Bytea, _sessions, static row => row.LongKey);
        Column(parameters, NpgsqlDbType.Text, _sessions, static row => row.Rule);
        Column(parameters, NpgsqlDbType.Smallint, _sessions, static row => row.Kind);
        Column(parameters, NpgsqlDbType.Text, _sessions, static row => row.Subject);
        Column(parameters, NpgsqlDbType.Bigint, _sessions, static row => row.CreatedMs);
        Column(parameters, NpgsqlDbType.Bigint, _sessions, static row => row.AccessedMs);
        Column(parameters, NpgsqlDbType.Bigint, _sessions, static row => row.DeadlineMs);
        Column(parameters, NpgsqlDbType.Boolean, _sessions, static row => row.FixedDeadline);
        Column(parameters, NpgsqlDbType.Bigint, _sessions, static row => row.Accesses);
        Column(parameters, NpgsqlDbType.Uuid, _sessions, static row => VersionColumn.From(row.Floor));
        Column(parameters, NpgsqlDbType.Uuid, _sessions, static row => VersionColumn.From(row.Newest));
        Column(parameters, NpgsqlDbType.Bigint, _sessions, static row => row.ExpiresMs);
        Column(parameters, NpgsqlDbType.Bytea, _sessions, static row => row.Parent);
        Column(parameters, NpgsqlDbType.Text, _sessions, static row => row.Category);
        Column(parameters, NpgsqlDbType.Integer, _sessions, static row => row.Items);
        Column(parameters, NpgsqlDbType.Bigint, _sessions, static row => row.Bytes);
    }

    private void AddItemsTo(NpgsqlParameterCollection parameters)
    {
        Column(parameters, NpgsqlDbType.Integer, _items, static row => row.Owner);
        Column(parameters, NpgsqlDbType.Bytea, _items, static row => row.Lookup);
        Column(parameters, NpgsqlDbType.Bytea, _items, static row => row.LongName);
        Column(parameters, NpgsqlDbType.Uuid, _items, static row => VersionColumn.From(row.Version));
        Column(parameters, NpgsqlDbType.Boolean, _items, static row => row.Value is null);
        Column(parameters, NpgsqlDbType.Text, _items, static row => row.ContentType);
        Column(parameters, NpgsqlDbType.Smallint, _items, static row => row.Codec);
        Column(parameters, NpgsqlDbType.Bigint, _items, static row => row.Length);
        Column(parameters, NpgsqlDbType.Bytea, _items, static row => row.Value);
        Column(parameters, NpgsqlDbType.Jsonb, _items, static row => row.Document);
        Column(parameters, NpgsqlDbType.Text, _items, static row => row.Words);
    }

    private static void Column<TRow, TValue>(NpgsqlParameterCollection parameters, NpgsqlDbType type, List<TRow> rows, Func<TRow, TValue> read)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++) values[i] = read(rows[i]);
        parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }
}

/// <summary>One session of a batch, as its columns are. <see cref="Rule"/> null deletes it.</summary>
internal sealed record SessionRow(byte[] Lookup, byte[]? LongKey)
{
    public string? Rule { get; init; }
    public short Kind { get; init; }
    public string? Subject { get; init; }
    public long CreatedMs { get; init; }
    public long AccessedMs { get; init; }
    public long DeadlineMs { get; init; }
    public bool FixedDeadline { get; init; }
    public long Accesses { get; init; }
    public ItemVersion Floor { get; init; }
    public ItemVersion Newest { get; init; }
    public long ExpiresMs { get; init; }
    public byte[]? Parent { get; init; }
    public string? Category { get; init; }

    /// <summary>How many items and bytes it has if nobody knew it yet.</summary>
    public int Items { get; init; }
    public long Bytes { get; init; }
}

/// <summary>One item of a batch. <see cref="Value"/> null removes it.</summary>
internal sealed record ItemRow(byte[] Lookup, byte[]? LongName, ItemVersion Version)
{
    public int Owner { get; init; }
    public string? ContentType { get; init; }
    public short Codec { get; init; }
    public long Length { get; init; }
    public byte[]? Value { get; init; }
    public string? Document { get; init; }
    public string? Words { get; init; }
}
