using TierOperator.Policy.Values;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Http;

/// <summary>Reads what a write says beside its data: conditions, Tier-TTL, Tier-Subject, Tier-Strategy.</summary>
internal static class WriteHeaders
{
    public const int MaxSubjectBytes = 512;

    public static bool TryRead(Exchange exchange, out WriteOptions options, out Problem? problem)
    {
        options = default;
        problem = null;
        var headers = exchange.RequestHeaders;
        if (!EntityTag.TryReadCondition(headers.IfMatch, headers.IfNoneMatch, out var condition, out var fault))
        {
            problem = Problems.Malformed(fault!);
            return false;
        }

        problem = CheckOnce(headers);
        if (problem is not null) return false;
        problem = TryReadTtl(headers[TierHeaders.Ttl], out var ttl)
            ?? CheckSubject(headers[TierHeaders.Subject])
            ?? CheckStrategy(exchange, headers[TierHeaders.Strategy]);
        options = new WriteOptions
        {
            Condition = condition,
            Ttl = ttl,
            Subject = headers[TierHeaders.Subject],
            Strategy = headers[TierHeaders.Strategy],
        };
        return problem is null;
    }

    private static Problem? CheckOnce(IHeaderDictionary headers)
    {
        foreach (var name in (string[])[TierHeaders.Ttl, TierHeaders.Subject, TierHeaders.Strategy])
            if (headers[name].Count > 1) return Problems.Malformed($"{name} stands twice. Send it once.");
        return null;
    }

    private static Problem? TryReadTtl(string? text, out TimeSpan? ttl)
    {
        ttl = null;
        if (text is null) return null;
        var outcome = Duration.TryParse(text, out var duration);
        if (outcome == ParseOutcome.Overflow)
            return Problems.Malformed("Tier-TTL is longer than any deadline can be. The longest is 1000y; without the header the policy's times hold.");
        if (outcome != ParseOutcome.Ok || duration.Value <= TimeSpan.Zero)
            return Problems.Malformed("Tier-TTL takes a duration above zero, of whole numbers with ms, s, m, h, d, w or y, such as 90s or 1h30m.");
        ttl = duration.Value;
        return null;
    }

    private static Problem? CheckSubject(string? subject)
        => subject is null || (subject.Length > 0 && System.Text.Encoding.UTF8.GetByteCount(subject) <= MaxSubjectBytes)
            ? null
            : Problems.Malformed($"Tier-Subject is empty or longer than {MaxSubjectBytes} bytes.");

    private static Problem? CheckStrategy(Exchange exchange, string? strategy)
    {
        if (strategy is null) return null;
        var declared = exchange.Services.Policy.Running.Strategies;
        return declared.Contains(strategy, StringComparer.Ordinal) ? null : Problems.UnknownStrategy(strategy, declared);
    }
}
