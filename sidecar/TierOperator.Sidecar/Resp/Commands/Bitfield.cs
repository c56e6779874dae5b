using System.Numerics;
using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>BITFIELD: a string as an array of integers of any width, with wrap, saturation or refusal on overflow.</summary>
internal static class Bitfield
{
    private const string BadType = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";

    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Write("bitfield", -2, KeyPlaces.One, call => Run(call, isReadOnly: false)),
        Command.Read("bitfield_ro", -2, KeyPlaces.One, call => Run(call, isReadOnly: true)),
    ];

    private enum Verb { Get, Set, IncrementBy }

    private enum Overflow { Wrap, Saturate, Fail }

    private readonly record struct Step(Verb Verb, long Offset, int Width, bool IsSigned, Overflow Overflow, long Operand);

    private static void Run(KeyCall call, bool isReadOnly)
    {
        if (!TryParse(call, isReadOnly, out var steps)) return;
        var session = call.Session(1);
        if (call.IsWrong(session, KeyCall.StringKind)) return;
        KeyCall.TryString(session, out var present);
        var writes = steps.Where(step => step.Verb != Verb.Get).ToList();
        var bytes = new byte[Math.Max(present.Length, writes.Count == 0 ? 0 : writes.Max(step => ((step.Offset + step.Width - 1) >> 3) + 1))];
        present.CopyTo(bytes);
        call.Reply.Array(steps.Count);
        var changes = 0;
        foreach (var step in steps) changes += Perform(step, bytes, call.Reply) ? 1 : 0;
        if (writes.Count == 0) return;
        KeyCall.PutString(session, bytes);
        if (changes > 0) call.Notify(KeyEventClass.String, "setbit", session.Key.Span);
    }

    private static bool TryParse(KeyCall call, bool isReadOnly, out List<Step> steps)
    {
        steps = [];
        var overflow = Overflow.Wrap;
        var arguments = call.Arguments;
        for (var i = 2; i < arguments.Count;)
        {
            var left = arguments.Count - i - 1;
            if (arguments.Is(i, "overflow"u8) && left >= 1)
            {
                if (!TryOverflow(call, i + 1, out overflow)) return false;
                i += 2;
                continue;
            }

            Verb? verb = arguments.Is(i, "get"u8) && left >= 2 ? Verb.Get
                : arguments.Is(i, "set"u8) && left >= 3 ? Verb.Set
                : arguments.Is(i, "incrby"u8) && left >= 3 ? Verb.IncrementBy : null;
            if (verb is null)
            {
                call.Fail(Errors.Syntax);
                return false;
            }

            if (!TryStep(call, i, verb.Value, overflow, out var step)) return false;
            steps.Add(step);
            i += verb == Verb.Get ? 3 : 4;
        }

        if (!isReadOnly || steps.TrueForAll(step => step.Verb == Verb.Get)) return true;
        call.Fail("ERR BITFIELD_RO only supports the GET subcommand");
        return false;
    }

    private static bool TryOverflow(KeyCall call, int at, out Overflow overflow)
    {
        overflow = call.Arguments.Is(at, "sat"u8) ? Overflow.Saturate : call.Arguments.Is(at, "fail"u8) ? Overflow.Fail : Overflow.Wrap;
        if (overflow != Overflow.Wrap || call.Arguments.Is(at, "wrap"u8)) return true;
        call.Fail("ERR Invalid OVERFLOW type specified");
        return false;
    }

    private static bool TryStep(KeyCall call, int at, Verb verb, Overflow overflow, out Step step)
    {
        step = default;
        var type = call.Arguments[at + 1];
        var isSigned = type is [(byte)'i' or (byte)'I', ..];
        if ((!isSigned && type is not [(byte)'u' or (byte)'U', ..]) || !RespNumber.TryParse(type[1..], out var width) || width < 1 || width > (isSigned ? 64 : 63))
        {
            call.Fail(BadType);
            return false;
        }

        var text = call.Arguments[at + 2];
        var isMultiple = text is [(byte)'#', ..];
        if (!RespNumber.TryParse(isMultiple ? text[1..] : text, out var offset) || offset < 0
            || (isMultiple && offset > long.MaxValue / width) || ((isMultiple ? offset * width : offset) + width - 1) >> 3 >= call.MaxStringBytes)
        {
            call.Fail(Errors.BitOffset);
            return false;
        }

        var operand = 0L;
        if (verb != Verb.Get && !call.Arguments.TryInteger(at + 3, out operand))
        {
            call.Fail(Errors.NotInteger);
            return false;
        }

        step = new Step(verb, isMultiple ? offset * width : offset, (int)width, isSigned, overflow, operand);
        return true;
    }

    /// <summary>Writes the step's reply; true when it has written bits.</summary>
    private static bool Perform(Step step, byte[] bytes, RespWriter reply)
    {
        var present = Read(bytes, step);
        if (step.Verb == Verb.Get)
        {
            reply.Integer(present);
            return false;
        }

        var wanted = step.Verb == Verb.Set ? ValueOf(step) : (BigInteger)present + step.Operand;
        if (Fit(step, wanted) is not { } fitted)
        {
            reply.Null();
            return false;
        }

        Write(bytes, step, fitted);
        reply.Integer(step.Verb == Verb.Set ? present : fitted);
        return true;
    }

    // An unsigned field is set from the operand's 64 bits, as Redis does.
    private static BigInteger ValueOf(Step step) => step.IsSigned ? step.Operand : (BigInteger)(ulong)step.Operand;

    private static long? Fit(Step step, BigInteger wanted)
    {
        var least = step.IsSigned ? -(BigInteger.One << (step.Width - 1)) : BigInteger.Zero;
        var most = (BigInteger.One << (step.IsSigned ? step.Width - 1 : step.Width)) - 1;
        if (wanted >= least && wanted <= most) return (long)wanted;
        if (step.Overflow == Overflow.Fail) return null;
        if (step.Overflow == Overflow.Saturate) return (long)(wanted > most ? most : least);
        var wrapped = wanted & ((BigInteger.One << step.Width) - 1);
        return (long)(wrapped > most ? wrapped - (BigInteger.One << step.Width) : wrapped);
    }

    private static long Read(byte[] bytes, Step step)
    {
        ulong value = 0;
        for (var bit = 0; bit < step.Width; bit++) value = (value << 1) | (Bits.BitAt(bytes, step.Offset + bit) ? 1UL : 0);
        if (step.IsSigned && step.Width < 64 && (value & (1UL << (step.Width - 1))) != 0) value |= ulong.MaxValue << step.Width;
        return (long)value;
    }

    private static void Write(byte[] bytes, Step step, long value)
    {
        for (var bit = 0; bit < step.Width; bit++)
        {
            var place = step.Offset + bit;
            var mask = (byte)(0x80 >> (int)(place & 7));
            var isSet = ((ulong)value >> (step.Width - 1 - bit) & 1) != 0;
            ref var one = ref bytes[place >> 3];
            one = isSet ? (byte)(one | mask) : (byte)(one & ~mask);
        }
    }
}
