using System.Buffers.Text;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>MATCH, COUNT and TYPE of the SCAN family.</summary>
internal sealed record ScanOptions
{
    public byte[]? Pattern { get; init; }
    public int Count { get; init; } = 10;
    public string? Type { get; init; }

    public bool Takes(ReadOnlySpan<byte> name) => Pattern is null || GlobPattern.IsMatch(Pattern, name);

    public static bool TryCursor(ReadOnlySpan<byte> text, out ulong cursor)
        => Utf8Parser.TryParse(text, out cursor, out var used) && used == text.Length && text.Length > 0;

    public static bool TryRead(RespArguments arguments, int from, out ScanOptions options, out string? error, bool allowsType = false)
    {
        (options, error) = (new ScanOptions(), null);
        for (var i = from; i < arguments.Count; i += 2)
        {
            if (i + 1 == arguments.Count) error = Errors.Syntax;
            else if (arguments.Is(i, "match"u8)) options = options with { Pattern = arguments[i + 1].ToArray() };
            else if (allowsType && arguments.Is(i, "type"u8)) options = options with { Type = arguments.Text(i + 1).ToLowerInvariant() };
            else if (!arguments.Is(i, "count"u8)) error = Errors.Syntax;
            else if (!arguments.TryInteger(i + 1, out var count)) error = Errors.NotInteger;
            else if (count < 1) error = Errors.Syntax;
            else options = options with { Count = (int)Math.Min(count, 100_000) };
            if (error is not null) return false;
        }

        return true;
    }
}
