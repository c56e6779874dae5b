using System.Globalization;

namespace TierOperator.Tiering;

/// <summary>
/// When an item was written, by the hybrid logical clock: 48 bits of Unix milliseconds, 16 bits of counter, then the
/// node that wrote it. Totally ordered; a larger one is newer. Its text form is the body of the ETag.
/// </summary>
public readonly record struct ItemVersion(ulong Stamp, uint Node) : IComparable<ItemVersion>
{
    public static readonly ItemVersion None;

    /// <summary>Unix milliseconds at which it was written, by the writer's clock.</summary>
    public long Milliseconds => (long)(Stamp >> 16);

    /// <summary>Older than this, and newer than whatever was given an instant before.</summary>
    public ItemVersion Before => Stamp == 0 ? None : new(Stamp - 1, uint.MaxValue);

    /// <summary>Made by <see cref="Before"/>, and by no clock.</summary>
    public bool IsBetween => Node == uint.MaxValue;

    public int CompareTo(ItemVersion other)
        => Stamp != other.Stamp ? Stamp.CompareTo(other.Stamp) : Node.CompareTo(other.Node);

    public static ItemVersion Newer(ItemVersion left, ItemVersion right) => left > right ? left : right;

    public static bool operator <(ItemVersion left, ItemVersion right) => left.CompareTo(right) < 0;
    public static bool operator >(ItemVersion left, ItemVersion right) => left.CompareTo(right) > 0;
    public static bool operator <=(ItemVersion left, ItemVersion right) => left.CompareTo(right) <= 0;
    public static bool operator >=(ItemVersion left, ItemVersion right) => left.CompareTo(right) >= 0;

    /// <summary>24 hexadecimal digits: stamp, then node.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Stamp:x16}{Node:x8}");

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ItemVersion version)
    {
        version = None;
        if (text.Length != 24
            || !ulong.TryParse(text[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var stamp)
            || !uint.TryParse(text[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var node))
            return false;
        version = new ItemVersion(stamp, node);
        return true;
    }
}
