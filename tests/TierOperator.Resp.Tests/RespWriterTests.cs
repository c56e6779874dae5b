using System.Text;

namespace TierOperator.Resp;

public sealed class RespWriterTests
{
    [Theory]
    [InlineData(2, "*2\r\n:1\r\n$-1\r\n*4\r\n*1\r\n:1\r\n$3\r\n1.5\r\n$2\r\nab\r\n*-1\r\n")]
    [InlineData(3, "%1\r\n:1\r\n_\r\n>4\r\n~1\r\n#t\r\n,1.5\r\n=6\r\ntxt:ab\r\n_\r\n")]
    public void Writer_EachProtocol_WritesItsOwnForms(int protocol, string expected)
    {
        using var writer = new RespWriter { Protocol = protocol };

        writer.Map(1);
        writer.Integer(1);
        writer.Null();
        writer.Push(4);
        writer.Set(1);
        writer.Boolean(true);
        writer.Double(1.5);
        writer.Verbatim("txt"u8, "ab"u8);
        writer.NullArray();

        Assert.Equal(expected, Encoding.ASCII.GetString(writer.Written.Span));
    }

    [Fact]
    public void Error_TextWithLineEnds_StaysOneLine()
    {
        using var writer = new RespWriter();

        writer.Error("ERR unknown command 'a\r\n+OK'");

        Assert.Equal("-ERR unknown command 'a  +OK'\r\n", Encoding.ASCII.GetString(writer.Written.Span));
    }

    [Fact]
    public void Writer_MoreThanItsFirstBuffer_KeepsEverything()
    {
        using var writer = new RespWriter(16);
        var expected = new StringBuilder();
        for (var i = 0; i < 5000; i++)
        {
            writer.BulkInteger(i);
            expected.Append($"${i.ToString().Length}\r\n{i}\r\n");
        }

        Assert.Equal(expected.ToString(), Encoding.ASCII.GetString(writer.Written.Span));
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    public void Integer_WrittenAndRead_IsTheSame(long value)
    {
        using var writer = new RespWriter();
        writer.Integer(value);
        writer.BulkInteger(value);
        var reader = new RespReader(writer.Written.Span);

        Assert.Equal(value, reader.ReadInteger());
        Assert.Equal(value, reader.ReadInteger());
    }

    [Theory]
    [InlineData("01")]
    [InlineData("-0")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("9223372036854775808")]
    [InlineData("0x1")]
    public void TryParse_NotTheCanonicalForm_IsRefused(string text) => Assert.False(RespNumber.TryParse(Encoding.ASCII.GetBytes(text), out _));
}
