namespace TierOperator.Tiering.Redis.Native;

/// <summary>A tier whose server also runs commands of its own, beside what sessions need.</summary>
public interface INativeTier
{
    /// <summary>The server; null while it is not known yet. Another object when the tier is opened anew.</summary>
    NativeServer? Native { get; }
}
