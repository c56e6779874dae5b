using System.Text;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class PathParserTests
{
    [Theory]
    [InlineData("/v1/sessions/a/items/b", "a", "b")]
    [InlineData("/v1/sessions/a%2Fb/items/c%2fd", "a/b", "c/d")]
    [InlineData("/v1/sessions/%E2%82%AC/items/+", "€", "+")]
    [InlineData("/v1/sessions/chat:1@x/items/~!$&'()*,;=", "chat:1@x", "~!$&'()*,;=")]
    public void TryParseItem_ItemPath_GivesDecodedIds(string target, string session, string item)
    {
        var (parsed, s, i) = Parse(target);

        Assert.True(parsed);
        Assert.Equal((session, item), (s, i));
    }

    [Theory]
    [InlineData("/v1/sessions/a")]
    [InlineData("/v1/sessions/a/items/")]
    [InlineData("/v1/sessions//items/b")]
    [InlineData("/v1/sessions/a/items/b/c")]
    [InlineData("/v1/sessions/a/items/b?x=1")]
    [InlineData("/v1/sessions/a/items/%")]
    [InlineData("/v1/sessions/a/items/%zz")]
    [InlineData("/v1/sessions/%FF/items/b")]
    [InlineData("/v1/sessions")]
    public void TryParseItem_AnythingElse_IsLeftToTheGeneralWay(string target) => Assert.False(Parse(target).Parsed);

    [Fact]
    public void Decode_LongestId_IsTakenAndOneByteMoreIsTooLong()
    {
        var id = new byte[PathParser.MaxIdBytes];

        Assert.Equal(IdFault.None, PathParser.Decode(string.Concat(Enumerable.Repeat("%61", PathParser.MaxIdBytes)), id, out var written));
        Assert.Equal(PathParser.MaxIdBytes, written);
        Assert.Equal(IdFault.TooLong, PathParser.Decode(new string('a', PathParser.MaxIdBytes + 1), id, out _));
    }

    [Theory]
    [InlineData("http://localhost:7070/v1/status?x", "/v1/status")]
    [InlineData("/v1/status?x=http://y", "/v1/status")]
    [InlineData("http://localhost", "/")]
    [InlineData("*", "*")]
    public void PathOf_AnyForm_IsThePath(string target, string path) => Assert.Equal(path, PathParser.PathOf(target).ToString());

    private static (bool Parsed, string Session, string Item) Parse(string target)
    {
        byte[] session = new byte[PathParser.MaxIdBytes], item = new byte[PathParser.MaxIdBytes];
        var parsed = PathParser.TryParseItem(target, session, item, out var s, out var i);
        return (parsed, Encoding.UTF8.GetString(session, 0, s), Encoding.UTF8.GetString(item, 0, i));
    }
}
