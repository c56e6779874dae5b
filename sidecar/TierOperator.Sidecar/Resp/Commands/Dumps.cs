using System.Buffers.Binary;
using System.Numerics;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>
/// DUMP and RESTORE in a format of our own: "TIER", a version, the kind, each item as two lengths and its bytes, and a CRC-32C over
/// it all. It is not Redis' format, and each refuses the other's.
/// </summary>
internal static class Dumps
{
    private const byte Version = 1;
    private const int HeadBytes = 6, ChecksumBytes = 4;
    private const string Corrupt = "ERR DUMP payload version or checksum are wrong";

    public static IReadOnlyList<Command> Commands { get; } =
    [
        Command.Read("dump", 2, KeyPlaces.One, Dump),
        Command.Write("restore", -4, KeyPlaces.One, Restore),
    ];

    private static void Dump(KeyCall call)
    {
        var session = call.Session(1);
        if (!session.Exists)
        {
            call.Reply.Null();
            return;
        }

        using var dump = new MemoryStream();
        dump.Write("TIER"u8);
        dump.WriteByte(Version);
        dump.WriteByte(session.Kind);
        session.ForEach((item, value) =>
        {
            Span<byte> lengths = stackalloc byte[8];
            BinaryPrimitives.WriteInt32LittleEndian(lengths, item.Length);
            BinaryPrimitives.WriteInt32LittleEndian(lengths[4..], value.Length);
            dump.Write(lengths);
            dump.Write(item);
            dump.Write(value);
        });
        var bytes = dump.ToArray();
        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, ChecksumOf(bytes));
        call.Reply.Bulk([.. bytes, .. checksum]);
    }

    private readonly record struct Options(bool Replace, bool IsAbsolute);

    private static void Restore(KeyCall call)
    {
        if (!TryOptions(call, out var options)) return;
        var session = call.Session(1);
        if (session.Exists && !options.Replace)
        {
            call.Fail("BUSYKEY Target key name already exists.");
            return;
        }

        if (!call.Arguments.TryInteger(2, out var ttl))
        {
            call.Fail(Errors.NotInteger);
            return;
        }

        if (ttl < 0 || (ttl > 0 && !ExpireOptions.TryMakeAbsolute(call.NowMs, isSeconds: false, options.IsAbsolute, ref ttl)))
        {
            call.Fail("ERR Invalid TTL value, must be >= 0");
            return;
        }

        if (!TryParse(call.Arguments[3], out var kind, out var items))
        {
            call.Fail(Corrupt);
            return;
        }

        session.Clear();
        foreach (var (item, value) in items) session.Put(item, ItemValue.From(value));
        session.Become(kind);
        if (ttl > 0) ExpireOptions.Apply(call, session, ttl);
        call.Notify(KeyEventClass.Generic, "restore", session.Key.Span);
        call.Reply.Simple("OK"u8);
    }

    private static bool TryOptions(KeyCall call, out Options options)
    {
        options = default;
        for (var i = 4; i < call.Count; i++)
        {
            var hasNext = i + 1 < call.Count;
            if (call.Arguments.Is(i, "replace"u8)) options = options with { Replace = true };
            else if (call.Arguments.Is(i, "absttl"u8)) options = options with { IsAbsolute = true };
            else if (hasNext && (call.Arguments.Is(i, "idletime"u8) || call.Arguments.Is(i, "freq"u8)))
            {
                // Taken and checked as Redis does; here the access count starts anew.
                var isIdle = call.Arguments.Is(i, "idletime"u8);
                if (!call.Arguments.TryInteger(++i, out var number))
                {
                    call.Fail(Errors.NotInteger);
                    return false;
                }

                if (number >= 0 && (isIdle || number <= 255)) continue;
                call.Fail(isIdle ? "ERR Invalid IDLETIME value, must be >= 0" : "ERR Invalid FREQ value, must be >= 0 and <= 255");
                return false;
            }
            else
            {
                call.Fail(Errors.Syntax);
                return false;
            }
        }

        return true;
    }

    private static bool TryParse(ReadOnlySpan<byte> dump, out byte kind, out List<(byte[] Item, byte[] Value)> items)
    {
        (kind, items) = (0, []);
        if (dump.Length < HeadBytes + ChecksumBytes || !dump.StartsWith("TIER"u8) || dump[4] != Version || dump[5] > KeyCall.StringKind) return false;
        var body = dump[..^ChecksumBytes];
        if (BinaryPrimitives.ReadUInt32LittleEndian(dump[^ChecksumBytes..]) != ChecksumOf(body)) return false;
        kind = dump[5];
        for (body = body[HeadBytes..]; !body.IsEmpty;)
        {
            if (body.Length < 8) return false;
            var (name, value) = (BinaryPrimitives.ReadInt32LittleEndian(body), BinaryPrimitives.ReadInt32LittleEndian(body[4..]));
            body = body[8..];
            if (name < 0 || value < 0 || name > RespServer.MostKeyBytes || (long)name + value > body.Length) return false;
            items.Add((body[..name].ToArray(), body.Slice(name, value).ToArray()));
            body = body[(name + value)..];
        }

        return items.Count > 0 && (kind != KeyCall.StringKind || items.Exists(item => item.Item.AsSpan().SequenceEqual(KeyCall.StringItem)));
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> bytes)
    {
        var checksum = uint.MaxValue;
        foreach (var one in bytes) checksum = BitOperations.Crc32C(checksum, one);
        return ~checksum;
    }
}
