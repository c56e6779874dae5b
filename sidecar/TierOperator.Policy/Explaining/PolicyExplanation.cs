using TierOperator.Policy.Compiled;

namespace TierOperator.Policy.Explaining;

/// <summary>What one rule says to a session or item.</summary>
public enum RuleVerdict { Taken, PassedOver, NotReached }

/// <summary>One rule's verdict and why, in words.</summary>
public sealed record RuleReason(string Rule, RuleVerdict Verdict, string Reason);

/// <summary>Which rule takes a session or item, and why each other does not. Immutable.</summary>
public sealed record PolicyExplanation(CompiledRule Rule, IReadOnlyList<RuleReason> Reasons);
