using TierOperator.Policy.Compiled;
using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Redis;

/// <summary>One change as one call of the script: by its name, or with its source where the server does not know it yet.</summary>
internal sealed class ApplyCall(RedisChange change, bool withSource) : RedisCall<RemoteResult>
{
    private const int FixedArguments = 11;

    public override void Write(RespWriter writer, RedisLane lane)
    {
        var what = change.Change;
        writer.Array(3 + 2 + FixedArguments + (2 * (what.Puts.Count + what.Unheld.Count + what.Removals.Count)));
        writer.Bulk(withSource ? "EVAL"u8 : "EVALSHA"u8);
        writer.Bulk(withSource ? ApplyScript.Source : ApplyScript.Sha);
        writer.Bulk("2"u8);
        writer.Bulk(change.Keys.Session(what.Session.Span));
        writer.Bulk(change.Keys.Tombstone(what.Session.Span));
        WriteFixed(writer, what);
        WriteCondition(writer, what.Condition);
        WriteAnnouncement(writer, lane, what);
        foreach (var put in what.Puts)
        {
            WriteField(writer, put.Key);
            StoredItem.Write(writer, put, change.Compression);
        }

        foreach (var unheld in what.Unheld) WriteMark(writer, unheld.Item.Span, unheld.Version, StoredItem.Unheld);
        foreach (var removal in what.Removals) WriteMark(writer, removal.Item.Span, removal.Version, StoredItem.Removed);
    }

    protected override RemoteResult Parse(ref RespReader reader)
    {
        var answer = reader.ReadBytes();
        if (answer.Length != 2 + VersionBytes.Length) throw new RespException("the script's answer has another form");
        return new RemoteResult(answer[0] switch
        {
            (byte)'a' => RemoteStatus.Applied,
            (byte)'o' => RemoteStatus.Older,
            (byte)'c' => RemoteStatus.ConditionFailed,
            _ => RemoteStatus.Undecided,
        })
        {
            Existed = answer[1] switch { (byte)'1' => true, (byte)'0' => false, _ => null },
            Newest = VersionBytes.Read(answer[2..]),
        };
    }

    private void WriteFixed(RespWriter writer, RemoteChange what)
    {
        writer.Bulk(what.Header is null ? "d"u8 : "w"u8);
        writer.Bulk(VersionBytes.Of(what.Newest));
        writer.Bulk(VersionBytes.Of(what.Header?.Floor ?? what.Floor));
        writer.BulkInteger(change.LastsMs);
        writer.Bulk(!what.IsAnnounced ? "2"u8 : what.IsRefill ? "3"u8 : what.IsWhole ? "1"u8 : "0"u8);
        writer.Bulk(what.Header is { } header ? StoredHeader.WriteTail(header, what.Projection) : []);
    }

    private static void WriteCondition(RespWriter writer, RemoteCondition? condition)
    {
        var versions = condition?.Precondition.AnyOf ?? [];
        ReadOnlySpan<byte> letter = condition switch
        {
            null => ""u8,
            { Unchanged: not null } => "u"u8,
            { Precondition.MustNotExist: true } => "n"u8,
            { Precondition.AnyOf: not null } => "v"u8,
            { Precondition.MustExist: true } => "e"u8,
            _ => ""u8,
        };
        if (condition?.Unchanged is { } unchanged) versions = [unchanged];
        writer.Bulk((byte[])[.. letter, .. versions.SelectMany(VersionBytes.Of)]);
        if (condition?.Item is { } item) WriteField(writer, item.Span);
        else writer.Bulk(""u8);
    }

    // A touch too, though nobody is to look: else a listener would take the server's word of it for a stranger's change.
    private void WriteAnnouncement(RespWriter writer, RedisLane lane, RemoteChange what)
    {
        var announces = change.Announces;
        Span<byte> head = stackalloc byte[RedisLane.HeadBytes];
        if (announces) lane.WriteHead(head, change.Node);
        writer.Bulk(announces ? change.Keys.Channel : []);
        writer.Bulk(announces ? head : []);
        writer.Bulk(announces ? what.Session.Span : []);
    }

    private static void WriteMark(RespWriter writer, ReadOnlySpan<byte> item, ItemVersion version, byte kind)
    {
        WriteField(writer, item);
        StoredItem.WriteMark(writer, version, kind);
    }

    // The letter keeps items apart from the header's field, whatever they are called.
    internal static void WriteField(RespWriter writer, ReadOnlySpan<byte> item)
    {
        writer.BulkHead(item.Length + 1);
        writer.Raw("i"u8);
        writer.Raw(item);
        writer.Raw("\r\n"u8);
    }
}

/// <summary>A change, and what of the tier it needs to be written.</summary>
internal sealed record RedisChange(RemoteChange Change, RedisKeys Keys, long LastsMs)
{
    public CompressionKind Compression { get; init; }
    public bool Announces { get; init; }
    public uint Node { get; init; }
}
