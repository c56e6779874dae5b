using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace TierOperator.Manager.Crds;

public sealed class YamlTextTests
{
    [Theory]
    [InlineData("no")]
    [InlineData("Off")]
    [InlineData("1")]
    [InlineData("")]
    [InlineData("a: b")]
    [InlineData("- a")]
    [InlineData("a #b")]
    [InlineData("é\n\"\\")]
    [InlineData("plain words, with-signs")]
    public void Write_Text_IsReadBackAsItWas(string text)
    {
        var written = YamlText.Write(new JsonObject { ["a"] = new JsonArray(new JsonObject { ["x"] = text, ["y"] = 1 }, text) });

        var list = (YamlSequenceNode)Parse(written)["a"];
        Assert.Equal(text, ((YamlScalarNode)list[0]["x"]).Value);
        Assert.Equal(text, ((YamlScalarNode)list[1]).Value);
        Assert.Equal("1", ((YamlScalarNode)list[0]["y"]).Value);
    }

    [Fact]
    public void Write_Structure_IsAsAPersonWouldWriteIt()
    {
        var document = new JsonObject { ["a"] = new JsonObject(), ["b"] = new JsonArray(), ["c"] = new JsonObject { ["d"] = new JsonArray(new JsonObject { ["e"] = new JsonObject { ["f"] = true } }) } };

        Assert.Equal("a: {}\nb: []\nc:\n  d:\n  - e:\n      f: true\n", YamlText.Write(document));
    }

    private static YamlNode Parse(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return yaml.Documents[0].RootNode;
    }
}
