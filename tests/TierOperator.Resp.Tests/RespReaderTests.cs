namespace TierOperator.Resp;

public sealed class RespReaderTests
{
    [Fact]
    public void Read_AttributeBeforeAValue_IsPassedOver()
    {
        var reader = new RespReader("|1\r\n+ttl\r\n*1\r\n:3\r\n$1\r\nv\r\n"u8);

        Assert.Equal("v"u8.ToArray(), reader.ReadBytes().ToArray());
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void Skip_NestedAggregate_StandsBehindIt()
    {
        var reader = new RespReader("*2\r\n%1\r\n+a\r\n*2\r\n:1\r\n:2\r\n+end\r\n"u8);

        Assert.Equal(2, reader.ReadCount());
        reader.Next();
        reader.Skip();

        Assert.Equal("end"u8.ToArray(), reader.ReadBytes().ToArray());
    }

    [Fact]
    public void ReadInteger_OfAnotherType_SaysWhatCame()
    {
        var error = Assert.Throws<RespException>(() =>
        {
            var reader = new RespReader("*0\r\n"u8);
            reader.ReadInteger();
        });

        Assert.Contains("Array came", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(",inf\r\n", double.PositiveInfinity)]
    [InlineData(",-inf\r\n", double.NegativeInfinity)]
    [InlineData(",nan\r\n", double.NaN)]
    [InlineData("$4\r\n1e10\r\n", 1e10)]
    public void ReadDouble_EveryForm_IsRead(string frame, double expected)
    {
        var reader = new RespReader(System.Text.Encoding.ASCII.GetBytes(frame));

        Assert.Equal(expected, reader.ReadDouble());
    }
}
