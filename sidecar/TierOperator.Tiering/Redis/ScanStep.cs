using System.Text;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis;

/// <summary>One answer of SCAN: where to go on (<c>0</c>: the walk is over), and keys.</summary>
internal sealed record ScanStep(string Cursor, IReadOnlyList<byte[]> Keys)
{
    public static ScanStep Read(ref RespReader reader)
    {
        if (reader.ReadCount() != 2) throw new RespException("SCAN answers two values");
        var cursor = Encoding.ASCII.GetString(reader.ReadBytes());
        var names = new List<byte[]>();
        for (var left = reader.ReadCount(); left > 0; left--) names.Add(reader.ReadBytes().ToArray());
        return new ScanStep(cursor, names);
    }
}
