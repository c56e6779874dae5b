namespace TierOperator.Sidecar.Http;

/// <summary>What can be wrong with an id in a path or a document.</summary>
internal enum IdFault { None, Empty, TooLong, BadEscape, NotUtf8 }
