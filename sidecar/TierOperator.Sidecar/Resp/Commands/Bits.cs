using System.Numerics;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>SETBIT, GETBIT, BITCOUNT, BITPOS: a string as bits, the first one the highest of its first byte.</summary>
internal static class Bits
{
    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("setbit", 4, KeyPlaces.One, Set),
        Command.Read("getbit", 3, KeyPlaces.One, Get),
        Command.Read("bitcount", -2, KeyPlaces.One, CountOnes),
        Command.Read("bitpos", -3, KeyPlaces.One, Find),
    ];

    /// <summary>An offset in bits, no further than the largest string.</summary>
    public static bool TryOffset(KeyCall call, int argument, out long offset)
    {
        if (call.Arguments.TryInteger(argument, out offset) && offset >= 0 && offset >> 3 < call.MaxStringBytes) return true;
        call.Fail(Errors.BitOffset);
        return false;
    }

    private static void Set(KeyCall call)
    {
        if (!TryOffset(call, 2, out var offset)) return;
        if (!call.Arguments.TryInteger(3, out var bit) || bit is not (0 or 1))
        {
            call.Fail("ERR bit is not an integer or out of range");
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        KeyCall.TryString(session, out var present);
        var (at, mask) = ((int)(offset >> 3), (byte)(0x80 >> (int)(offset & 7)));
        var changed = new byte[Math.Max(present.Length, at + 1)];
        present.CopyTo(changed);
        var before = (changed[at] & mask) != 0;
        changed[at] = bit == 1 ? (byte)(changed[at] | mask) : (byte)(changed[at] & ~mask);
        KeyCall.PutString(session, changed);
        call.Notify(KeyEventClass.String, "setbit", session.Key.Span);
        call.Reply.Integer(before ? 1 : 0);
    }

    private static void Get(KeyCall call)
    {
        if (!TryOffset(call, 2, out var offset)) return;
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        KeyCall.TryString(session, out var value);
        call.Reply.Integer(BitAt(value, offset) ? 1 : 0);
    }

    public static bool BitAt(ReadOnlySpan<byte> value, long bit)
        => bit >> 3 < value.Length && (value[(int)(bit >> 3)] & (0x80 >> (int)(bit & 7))) != 0;

    private static void CountOnes(KeyCall call)
    {
        var session = call.Session(1);
        if (!session.Exists)
        {
            call.Reply.Integer(0);
            return;
        }

        if (call.IsWrong(session, KeyCall.StringKind)) return;
        if (call.Count is 3 or > 5)
        {
            call.Fail(Errors.Syntax);
            return;
        }

        KeyCall.TryString(session, out var value);
        if (!TryRange(call, 2, value.Length, out var range)) return;
        call.Reply.Integer(range.IsEmpty ? 0 : Ones(value, range.Start, range.End));
    }

    /// <summary>First and last bit, both inclusive.</summary>
    private readonly record struct BitRange(long Start, long End)
    {
        public bool IsEmpty => Start > End;
    }

    // Reads "start end [BIT|BYTE]" from an argument on; without them the whole string.
    private static bool TryRange(KeyCall call, int from, int length, out BitRange range)
    {
        range = new BitRange(0, (length * 8L) - 1);
        if (call.Count <= from) return true;
        var (start, end, isBit) = (0L, -1L, false);
        if (!call.Arguments.TryInteger(from, out start) || (call.Count > from + 1 && !call.Arguments.TryInteger(from + 1, out end)))
        {
            call.Fail(Errors.NotInteger);
            return false;
        }

        if (call.Count > from + 2)
        {
            isBit = call.Arguments.Is(from + 2, "bit"u8);
            if (!isBit && !call.Arguments.Is(from + 2, "byte"u8))
            {
                call.Fail(Errors.Syntax);
                return false;
            }
        }

        range = RangeOf(start, end, isBit, length);
        return true;
    }

    private static BitRange RangeOf(long start, long end, bool isBit, int length)
    {
        if (start < 0 && end < 0 && start > end) return new BitRange(1, 0);
        var total = isBit ? length * 8L : length;
        if (start < 0) start = Math.Max(0, start + total);
        if (end < 0) end = Math.Max(0, end + total);
        end = Math.Min(end, total - 1);
        if (start > end) return new BitRange(1, 0);
        return isBit ? new BitRange(start, end) : new BitRange(start * 8, (end * 8) + 7);
    }

    private static long Ones(ReadOnlySpan<byte> value, long start, long end)
    {
        var (first, last) = ((int)(start >> 3), (int)(end >> 3));
        var sum = 0L;
        foreach (var one in value[first..(last + 1)]) sum += BitOperations.PopCount(one);
        sum -= BitOperations.PopCount((uint)(value[first] >> (8 - (int)(start & 7)) & 0xff));
        sum -= BitOperations.PopCount((uint)(value[last] & ((1 << (7 - (int)(end & 7))) - 1)));
        return sum;
    }

    private static void Find(KeyCall call)
    {
        if (!call.Arguments.TryInteger(2, out var bit))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        if (bit is not (0 or 1))
        {
            call.Fail("ERR The bit argument must be 1 or 0.");
            return;
        }

        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        if (!session.Exists)
        {
            call.Reply.Integer(bit == 1 ? -1 : 0);
            return;
        }

        // Here, unlike in BITCOUNT, Redis looks at the unit before the end.
        if (call.Count > 6 || (call.Count == 6 && call.Arguments.TryInteger(3, out _) && !call.Arguments.Is(5, "bit"u8) && !call.Arguments.Is(5, "byte"u8)))
        {
            call.Fail(Errors.Syntax);
            return;
        }

        KeyCall.TryString(session, out var value);
        if (!TryRange(call, 3, value.Length, out var range)) return;
        call.Reply.Integer(Position(value, bit == 1, range, hasEnd: call.Count > 4));
    }

    private static long Position(ReadOnlySpan<byte> value, bool isOne, BitRange range, bool hasEnd)
    {
        if (range.IsEmpty) return -1;
        for (var bit = range.Start; bit <= range.End;)
        {
            var one = value[(int)(bit >> 3)];
            if ((bit & 7) == 0 && bit + 7 <= range.End && one == (isOne ? 0 : 0xff))
            {
                bit += 8;
                continue;
            }

            if (BitAt(value, bit) == isOne) return bit;
            bit++;
        }

        // Looking for a zero in a string without an end of its own, the zeros behind it count.
        return isOne || hasEnd ? -1 : value.Length * 8L;
    }
}
