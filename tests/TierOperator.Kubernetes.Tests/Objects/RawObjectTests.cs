using System.Text.Json;

namespace TierOperator.Kubernetes.Objects;

public sealed class RawObjectTests
{
    private static readonly JsonSerializerOptions s_asWritten = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void Read_ObjectWithManagedFields_KeepsAllElse()
    {
        using var document = JsonDocument.Parse("""
            {"kind": "ConfigMap", "metadata": {"name": "a", "managedFields": [{"manager": "x"}], "somethingNew": {"deep": [1, 2.50, "ü"]}}, "data": {"managedFields": "mine"}, "unknown": null}
            """);

        var kept = RawObject.Read(document.RootElement);

        Assert.Equal("a", kept.Metadata.Name);
        Assert.Equal(
            """{"kind":"ConfigMap","metadata":{"name":"a","somethingNew":{"deep":[1,2.50,"ü"]}},"data":{"managedFields":"mine"},"unknown":null}""",
            JsonSerializer.Serialize(kept.Body, s_asWritten));
    }

    [Theory]
    [InlineData("""{"metadata": 7}""")]
    [InlineData("""{"metadata": {"name": "a"}}""")]
    [InlineData("{}")]
    public void Read_ObjectWithoutManagedFields_IsKeptWhole(string text)
    {
        using var document = JsonDocument.Parse(text);

        Assert.True(JsonElement.DeepEquals(document.RootElement, RawObject.Read(document.RootElement).Body));
    }
}
