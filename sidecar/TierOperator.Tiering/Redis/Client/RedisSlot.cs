namespace TierOperator.Tiering.Redis.Client;

/// <summary>A key's slot in a Cluster: CRC-16 (XMODEM) of the key or of its hash tag, modulo 16384. Source: Redis Cluster specification.</summary>
internal static class RedisSlot
{
    public const int Count = 16384;
    private static readonly ushort[] s_table = MakeTable();

    public static int Of(ReadOnlySpan<byte> key)
    {
        var open = key.IndexOf((byte)'{');
        if (open < 0) return Crc(key) % Count;
        var length = key[(open + 1)..].IndexOf((byte)'}');
        return Crc(length > 0 ? key.Slice(open + 1, length) : key) % Count;
    }

    private static ushort Crc(ReadOnlySpan<byte> bytes)
    {
        ushort crc = 0;
        foreach (var one in bytes) crc = (ushort)((crc << 8) ^ s_table[((crc >> 8) ^ one) & 0xff]);
        return crc;
    }

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (var i = 0; i < 256; i++)
        {
            var crc = (ushort)(i << 8);
            for (var bit = 0; bit < 8; bit++) crc = (ushort)((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
            table[i] = crc;
        }

        return table;
    }
}
