using System.Text;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>
/// What a server says unasked: its kind (<c>message</c>, <c>invalidate</c>) and the strings that follow, those of a list within it too. A null is
/// left out.
/// </summary>
internal sealed record RedisPush(string Kind, IReadOnlyList<byte[]> Values)
{
    public static RedisPush Read(ReadOnlySpan<byte> frame)
    {
        var reader = new RespReader(frame);
        var count = reader.ReadCount();
        var values = new List<byte[]>(count);
        for (var left = count; left > 0; left--)
        {
            reader.Next();
            if (reader.IsAggregate) left += reader.Count;
            else if (!reader.IsNull) values.Add(reader.Value.ToArray());
        }

        return new RedisPush(values.Count > 0 ? Encoding.UTF8.GetString(values[0]) : "", values.Skip(1).ToList());
    }
}
