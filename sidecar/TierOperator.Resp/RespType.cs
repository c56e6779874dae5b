namespace TierOperator.Resp;

/// <summary>What a value of the Redis protocol is; each is the byte that it begins with on the wire.</summary>
public enum RespType : byte
{
    None = 0,
    SimpleString = (byte)'+',
    Error = (byte)'-',
    Integer = (byte)':',
    BulkString = (byte)'$',
    Array = (byte)'*',

    /// <summary>RESP3's, and RESP2's bulk string or array of length -1.</summary>
    Null = (byte)'_',
    Boolean = (byte)'#',
    Double = (byte)',',
    BigNumber = (byte)'(',
    BulkError = (byte)'!',

    /// <summary>A bulk string whose first four bytes name its form: <c>txt:</c>, <c>mkd:</c>.</summary>
    VerbatimString = (byte)'=',
    Map = (byte)'%',
    Set = (byte)'~',

    /// <summary>Pairs that precede a value and say something about it; readers here pass over them.</summary>
    Attribute = (byte)'|',

    /// <summary>What a server says unasked: messages, invalidations.</summary>
    Push = (byte)'>',
}
