namespace TierOperator.Policy.Values;

/// <summary>How the reading of a duration or size ended.</summary>
public enum ParseOutcome { Ok, Malformed, Overflow }
