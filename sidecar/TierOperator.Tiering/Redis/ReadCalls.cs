using TierOperator.Resp;
using TierOperator.Tiering.Redis.Client;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Redis;

/// <summary>The header and one item of a session: one <c>HMGET</c>.</summary>
internal sealed class ReadItemCall(byte[] key, ReadOnlyMemory<byte> item) : RedisCall<RemoteItem>
{
    public override void Write(RespWriter writer, RedisLane lane)
    {
        writer.Array(4);
        writer.Bulk("HMGET"u8);
        writer.Bulk(key);
        writer.Bulk("h"u8);
        ApplyCall.WriteField(writer, item.Span);
    }

    protected override RemoteItem Parse(ref RespReader reader)
    {
        if (reader.ReadCount() != 2) throw new RespException("two fields were asked for");
        if (!reader.TryReadBytes(out var header)) return new RemoteItem(RemoteReadStatus.NotFound);
        var stored = StoredHeader.Read(header);
        var isThere = reader.TryReadBytes(out var field);
        if (!isThere) return new RemoteItem(stored.IsPart ? RemoteReadStatus.NotHeld : RemoteReadStatus.NotFound) { Header = stored.Header };
        return StoredItem.KindOf(field) switch
        {
            StoredItem.Value => new RemoteItem(RemoteReadStatus.Found) { Header = stored.Header, Item = StoredItem.Read(item.ToArray(), field) },
            StoredItem.Unheld => new RemoteItem(RemoteReadStatus.NotHeld) { Header = stored.Header },
            _ => new RemoteItem(RemoteReadStatus.NotFound) { Header = stored.Header },
        };
    }
}

/// <summary>All of a session's hash.</summary>
internal sealed class ReadSessionCall(byte[] key, byte[] session) : RedisCall<RemoteSession>
{
    public override void Write(RespWriter writer, RedisLane lane)
    {
        writer.Array(2);
        writer.Bulk("HGETALL"u8);
        writer.Bulk(key);
    }

    protected override RemoteSession Parse(ref RespReader reader)
    {
        var left = reader.ReadCount() / 2;
        if (left == 0) return new RemoteSession(RemoteReadStatus.NotFound);
        var (items, isPart) = (new List<ItemSnapshot>(left), false);
        Dictionary<byte[], ItemVersion>? removed = null;
        StoredHeader? stored = null;
        for (; left > 0; left--)
        {
            var name = reader.ReadBytes();
            var content = reader.ReadBytes();
            if (name is [(byte)'h']) stored = StoredHeader.Read(content);
            else if (StoredItem.KindOf(content) == StoredItem.Value) items.Add(StoredItem.Read(name[1..].ToArray(), content));
            else if (StoredItem.KindOf(content) == StoredItem.Unheld) isPart = true;
            else (removed ??= new(KeyComparer.Instance))[name[1..].ToArray()] = VersionBytes.Read(content);
        }

        if (stored is not { } header) throw new InvalidDataException("a session has no header");
        return new RemoteSession(RemoteReadStatus.Found)
        {
            Session = new SessionSnapshot(session, header.Header, items), IsProjection = isPart || header.IsPart,
            Newest = header.Newest > header.Header.Floor ? header.Newest : header.Header.Floor, Floor = header.Header.Floor,
            Removed = removed,
        };
    }
}
