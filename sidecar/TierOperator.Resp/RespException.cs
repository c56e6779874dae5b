namespace TierOperator.Resp;

/// <summary>The peer broke the protocol, or sent another type than the reader asked for. The connection is of no more use.</summary>
public sealed class RespException(string message) : Exception(message);
