using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Parts;

/// <summary>
/// What is known of a body that was only asked for in ranges: the newest head, how long the whole is, and the pieces in order, none touching
/// the next. Immutable. Source: RFC 9111, 3.3 and 3.4; RFC 9110, 15.3.7.3.
/// </summary>
internal sealed record StoredParts(StoredResponse Head, long Total, IReadOnlyList<BodyPart> Parts)
{
    /// <summary>A longer body is not put together: what was asked for of it passes on.</summary>
    public const long MostBytes = 1 << 20;

    public bool IsWhole => Parts is [{ Range: { First: 0 } range }] && range.Length == Total;

    /// <summary>The bytes of a range; null where some are missing.</summary>
    public ReadOnlyMemory<byte>? BytesOf(ByteRange range)
    {
        foreach (var part in Parts)
            if (part.Range.First <= range.First && range.Last <= part.Range.Last) return part.Bytes.Slice((int)(range.First - part.Range.First), (int)range.Length);
        return null;
    }

    /// <summary>
    /// With a newer part of the same body; the newer bytes and head count. Only one strong entity tag says that two parts are of one body:
    /// without it, or with another, the newer part stands alone.
    /// </summary>
    public StoredParts With(StoredParts newer)
    {
        if (newer.Total != Total || !Conditions.IsStrong(Head.ETag) || Head.ETag != newer.Head.ETag) return newer;
        var parts = Parts.Select(part => part with { IsOlder = true }).Concat(newer.Parts).OrderBy(part => part.Range.First).ToList();
        var merged = new List<BodyPart>();
        foreach (var part in parts)
        {
            if (merged.Count > 0 && part.Range.First <= merged[^1].Range.Last + 1) merged[^1] = merged[^1].Joined(part);
            else merged.Add(part);
        }

        return newer with { Parts = merged };
    }
}

/// <summary>A piece of a body.</summary>
internal sealed record BodyPart(ByteRange Range, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>True where the bytes of another count more.</summary>
    public bool IsOlder { get; init; }

    /// <summary>This and one that begins within it or right behind it.</summary>
    public BodyPart Joined(BodyPart next)
    {
        var last = Math.Max(Range.Last, next.Range.Last);
        var bytes = new byte[last - Range.First + 1];
        var (under, over) = next.IsOlder ? (next, this) : (this, next);
        under.Bytes.CopyTo(bytes.AsMemory((int)(under.Range.First - Range.First)));
        over.Bytes.CopyTo(bytes.AsMemory((int)(over.Range.First - Range.First)));
        return new BodyPart(Range with { Last = last }, bytes) { IsOlder = IsOlder && next.IsOlder };
    }
}
