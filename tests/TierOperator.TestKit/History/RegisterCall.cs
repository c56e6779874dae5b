namespace TierOperator.TestKit.History;

public enum RegisterAction { Read, Write, Delete, WriteIfAbsent, WriteIf }

/// <summary>
/// One call on one item, with the moments at which it began and ended. Values are numbers; null is absent.
/// </summary>
public sealed record RegisterCall(RegisterAction Action, long Began, long Ended)
{
    /// <summary>What was written, or what was read.</summary>
    public int? Value { get; init; }

    /// <summary>For <see cref="RegisterAction.WriteIf"/>: the value whose version it named.</summary>
    public int? Expected { get; init; }

    /// <summary>Whether the write was done: a precondition may have failed, a delete may have found nothing.</summary>
    public bool Done { get; init; } = true;

    /// <summary>Whether the call, at a moment when the item has this value, answers as it did; and the value afterwards.</summary>
    public bool Fits(int? present, out int? next)
    {
        next = present;
        switch (Action)
        {
            case RegisterAction.Read:
                return present == Value;
            case RegisterAction.Write:
                next = Value;
                return Done;
            case RegisterAction.Delete:
                if (Done) next = null;
                return Done == present is not null;
            case RegisterAction.WriteIfAbsent:
                if (Done) next = Value;
                return Done == present is null;
            default:
                var matches = present is not null && present == Expected;
                if (Done) next = Value;
                return Done == matches;
        }
    }

    public override string ToString() => $"[{Began}..{Ended}] {Action} {Value}{(Expected is null ? "" : $" if {Expected}")}{(Done ? "" : " refused")}";
}
