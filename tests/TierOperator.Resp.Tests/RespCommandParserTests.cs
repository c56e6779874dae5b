using System.Text;

namespace TierOperator.Resp;

public sealed class RespCommandParserTests
{
    [Fact]
    public void Parse_RandomCommandsSplitAtEveryByte_FindsTheirArguments()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var arguments = Enumerable.Range(0, random.Next(1, 20)).Select(_ => RandomBytes(random, 30)).ToList();
            var bytes = Encode(arguments);
            var (buffer, parser) = (new byte[bytes.Length], new RespCommandParser(new RespCommandLimits()));
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.True(parser.Parse(buffer.AsSpan(0, length)) == RespCommandStatus.Incomplete, $"seed {seed}, round {round}, byte {length}: {parser.Fault}");
                Assert.InRange(parser.NeededBytes, length + 1, bytes.Length);
                buffer[length] = bytes[length];
            }

            Assert.Equal(RespCommandStatus.Command, parser.Parse(buffer));
            Assert.Equal(bytes.Length, parser.ConsumedBytes);
            Assert.Equal(arguments, Arguments(parser, buffer));
        }
    }

    [Fact]
    public void Parse_PipelineInOneBuffer_FindsOneAfterTheOther()
    {
        var parser = new RespCommandParser(new RespCommandLimits());
        ReadOnlySpan<byte> buffer = "*1\r\n$4\r\nPING\r\nGET a\r\n\r\n*0\r\n*-1\r\n*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n"u8;
        var found = new List<string>();

        while (!buffer.IsEmpty)
        {
            var status = parser.Parse(buffer);
            found.Add(status == RespCommandStatus.Command ? string.Join(' ', Arguments(parser, buffer).Select(Encoding.ASCII.GetString)) : status.ToString());
            buffer = buffer[parser.ConsumedBytes..];
        }

        Assert.Equal(["PING", "GET a", "Empty", "Empty", "Empty", "ECHO x"], found);
    }

    [Theory]
    [InlineData("*abc\r\n", "ERR Protocol error: invalid multibulk length")]
    [InlineData("*3000000000\r\n", "ERR Protocol error: invalid multibulk length")]
    [InlineData("*1\r\n:1\r\n", "ERR Protocol error: expected '$', got ':'")]
    [InlineData("*1\r\n$abc\r\n", "ERR Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$-1\r\n", "ERR Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$600000000\r\n", "ERR Protocol error: invalid bulk length")]
    [InlineData("set \"a\r\n", "ERR Protocol error: unbalanced quotes in request")]
    [InlineData("set \"a\"b\r\n", "ERR Protocol error: unbalanced quotes in request")]
    public void Parse_BrokenCommand_IsRefusedInRedisWords(string command, string fault)
    {
        var parser = new RespCommandParser(new RespCommandLimits());

        var status = parser.Parse(Encoding.ASCII.GetBytes(command));

        Assert.Equal(RespCommandStatus.Faulty, status);
        Assert.Equal(fault, parser.Fault);
    }

    [Theory]
    [InlineData("*", "too big mbulk count string")]
    [InlineData("*1\r\n$", "too big bulk count string")]
    [InlineData("x", "too big inline request")]
    public void Parse_LineWithoutEnd_IsRefusedAtItsLimit(string start, string fault)
    {
        var parser = new RespCommandParser(new RespCommandLimits());

        var status = parser.Parse(Encoding.ASCII.GetBytes(start + new string('1', 64 * 1024 + 1)));

        Assert.Equal(RespCommandStatus.Faulty, status);
        Assert.Equal("ERR Protocol error: " + fault, parser.Fault);
    }

    [Theory]
    [InlineData("*11\r\n", "unauthenticated multibulk length")]
    [InlineData("*1\r\n$16385\r\n", "unauthenticated bulk length")]
    public void Parse_MuchBeforeAuthentication_IsRefused(string start, string fault)
    {
        var parser = new RespCommandParser(new RespCommandLimits()) { IsUnauthenticated = true };

        var status = parser.Parse(Encoding.ASCII.GetBytes(start));

        Assert.Equal(RespCommandStatus.Faulty, status);
        Assert.Equal("ERR Protocol error: " + fault, parser.Fault);
    }

    [Theory]
    [InlineData("a b", "a|b")]
    [InlineData("  a\t b  ", "a|b")]
    [InlineData("set k \"a b\"", "set|k|a b")]
    [InlineData("set k 'a \\' b'", "set|k|a ' b")]
    [InlineData("set k \"\\x41\\n\\\"\\\\\"", "set|k|A\n\"\\")]
    [InlineData("set k \"\"", "set|k|")]
    [InlineData("set k \"\\xzz\"", "set|k|xzz")]
    public void Parse_InlineCommand_SplitsAsRedisDoes(string line, string expected)
    {
        var parser = new RespCommandParser(new RespCommandLimits());

        var status = parser.Parse(Encoding.ASCII.GetBytes(line + "\r\n"));

        Assert.Equal(RespCommandStatus.Command, status);
        Assert.Equal(expected, string.Join('|', Arguments(parser, []).Select(Encoding.ASCII.GetString)));
    }

    [Fact]
    public void Parse_LargeArgument_IsLeftToTheCallerAndParsingGoesOn()
    {
        var parser = new RespCommandParser(new RespCommandLimits { LargeFrom = 10 });
        using var buffer = new RespBuffer();
        Append(buffer, "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\n01234");

        var opened = parser.Parse(buffer.Buffered);
        buffer.Cut(parser.LargeOffset, 5);
        Append(buffer, "$2\r\nEX\r\nPING\r\n");
        parser.LargeTaken();
        var ended = parser.Parse(buffer.Buffered);

        Assert.Equal((RespCommandStatus.Large, RespCommandStatus.Command), (opened, ended));
        Assert.Equal([false, false, true, false], Enumerable.Range(0, parser.Count).Select(parser.IsLarge));
        Assert.Equal("EX", Encoding.ASCII.GetString(parser.Argument(buffer.Buffered, 3)));
        buffer.Consume(parser.ConsumedBytes);
        Assert.Equal("PING\r\n", Encoding.ASCII.GetString(buffer.Buffered));
    }

    [Fact]
    public void Parse_RandomBytes_NeverThrowsNorStandsStill()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = RandomStream(random);
            var parser = new RespCommandParser(new RespCommandLimits());
            ReadOnlySpan<byte> left = bytes;
            while (!left.IsEmpty && parser.Parse(left) is RespCommandStatus.Command or RespCommandStatus.Empty)
            {
                Assert.InRange(parser.ConsumedBytes, 1, left.Length);
                for (var i = 0; i < parser.Count; i++) _ = parser.Argument(left, i).Length;
                left = left[parser.ConsumedBytes..];
            }
        }
    }

    private static byte[] RandomStream(Random random)
    {
        const string Alphabet = "*$\r\n0123456789-ab\"'\\x ";
        var bytes = new List<byte>();
        while (random.Next(6) > 0)
        {
            if (random.Next(2) == 0) bytes.AddRange(Encode([.. Enumerable.Range(0, random.Next(3)).Select(_ => RandomBytes(random, 6))]));
            else bytes.Add((byte)Alphabet[random.Next(Alphabet.Length)]);
        }

        return [.. bytes];
    }

    private static byte[] RandomBytes(Random random, int below)
    {
        var bytes = new byte[random.Next(below)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Encode(List<byte[]> arguments)
    {
        using var writer = new RespWriter();
        writer.Array(arguments.Count);
        foreach (var argument in arguments) writer.Bulk(argument);
        return writer.Written.ToArray();
    }

    private static void Append(RespBuffer buffer, string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        bytes.CopyTo(buffer.Room(bytes.Length + buffer.Length).Span);
        buffer.Filled(bytes.Length);
    }

    private static List<byte[]> Arguments(RespCommandParser parser, ReadOnlySpan<byte> buffered)
    {
        var arguments = new List<byte[]>();
        for (var i = 0; i < parser.Count; i++) arguments.Add(parser.Argument(buffered, i).ToArray());
        return arguments;
    }
}
