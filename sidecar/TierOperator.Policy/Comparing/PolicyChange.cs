using TierOperator.Policy.Fields;

namespace TierOperator.Policy.Comparing;

/// <summary>One field that two policies differ in. Null where one of them has it not.</summary>
public sealed record PolicyChange(string Path, string? Old, string? New, FieldEffect Effect);
