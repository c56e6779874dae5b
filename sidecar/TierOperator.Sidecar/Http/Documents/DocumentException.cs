namespace TierOperator.Sidecar.Http.Documents;

/// <summary>A document that turned out amid the work to be none that can be merged. The message is the answer's detail.</summary>
internal sealed class DocumentException(string message, Exception inner) : Exception(message, inner);
