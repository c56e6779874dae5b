namespace TierOperator.Tiering.Redis.Client;

/// <summary>A server by name or number, and port.</summary>
public readonly record struct RedisAddress(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
