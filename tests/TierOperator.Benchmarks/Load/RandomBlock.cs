namespace TierOperator.Benchmarks.Load;

/// <summary>
/// Random bytes made once and handed out from random places: nothing compresses them, and making them anew for each value
/// would cost the generator more than the server needs to store them.
/// </summary>
internal static class RandomBlock
{
    private const int Room = 1024 * 1024;
    private static readonly byte[] Bytes = Fill(2 * Room);

    /// <summary>Fills the target, of 1 MiB at most.</summary>
    public static void CopyTo(Span<byte> target, Random random) => Bytes.AsSpan(random.Next(Room), target.Length).CopyTo(target);

    private static byte[] Fill(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
