namespace TierOperator.Tiering.Checkpoints;

/// <summary>A checkpoint as listed.</summary>
public sealed record CheckpointInfo(string Id, long CreatedMs, long Sessions, long Items, long Bytes);

/// <summary>How far a checkpoint has come.</summary>
public readonly record struct CheckpointProgress(long Sessions, long Items, long Bytes);

/// <summary>Why a checkpoint could not be made or read.</summary>
public enum CheckpointFault { NoRoom, NotFound, Damaged, NewerFormat, KeyMissing, Disk }

/// <summary>A checkpoint that could not be made or read; the message says what to do.</summary>
public sealed class CheckpointException(CheckpointFault kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public CheckpointFault Kind { get; } = kind;
}
