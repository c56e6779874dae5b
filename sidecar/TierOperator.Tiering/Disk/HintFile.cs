using System.Globalization;

namespace TierOperator.Tiering.Disk;

/// <summary>Beside a sealed segment: all that the index needs to know of it, so that a start need not read the data.</summary>
internal static class HintFile
{
    public const string Prefix = "hint-";

    public static string NameOf(long epoch)
        => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{epoch:x16}{SegmentSet.Extension}");

    public static string PathOf(SegmentSet segments, long epoch) => segments.PathOf(NameOf(epoch));
}
