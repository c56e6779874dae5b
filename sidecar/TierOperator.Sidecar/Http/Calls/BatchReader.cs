using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using TierOperator.Sidecar.Http.Documents;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Calls;

internal sealed record BatchRequest(IReadOnlyList<BatchOperation> Operations, bool Atomic);

/// <summary>Reads a batch; the first thing wrong refuses all of it, naming the operation.</summary>
internal static class BatchReader
{
    private static readonly string[] GetMembers = ["op", "session", "item"];
    private static readonly string[] PutMembers = [.. GetMembers, "value", "base64", "contentType", "ifMatch", "ifNoneMatch"];
    private static readonly string[] DeleteMembers = [.. GetMembers, "ifMatch", "ifNoneMatch"];

    public static bool TryRead(ReadOnlyMemory<byte> body, out BatchRequest batch, out Problem? problem)
    {
        batch = new([], false);
        if (!Utf8.IsValid(body.Span))
        {
            problem = Problems.Malformed("The body is not UTF-8.");
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = DocumentLimits.MaxDepth });
            batch = Read(document.RootElement);
            problem = null;
        }
        catch (JsonException e)
        {
            problem = Problems.Malformed($"The body is not a batch: {e.Message}");
        }
        catch (InvalidOperationException e)
        {
            problem = Problems.Malformed($"The body has text that is no Unicode: {e.Message}");
        }

        return problem is null;
    }

    private static BatchRequest Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("operations", out var list) || list.ValueKind != JsonValueKind.Array)
            throw new JsonException("send {\"operations\": […]}.");
        JsonMembers.Check(root, "a batch", ["operations", "atomic"]);
        var count = list.GetArrayLength();
        if (count is 0 or > DocumentLimits.MaxBatchOperations)
            throw new JsonException($"send 1 to {DocumentLimits.MaxBatchOperations} operations, not {count}.");
        var atomic = root.TryGetProperty("atomic", out var flag) && flag.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new JsonException("\"atomic\" is true or false."),
        };

        List<BatchOperation> operations = new(count);
        foreach (var element in list.EnumerateArray()) operations.Add(ReadOperation(element, $"operation {operations.Count}"));
        return new BatchRequest(operations, atomic);
    }

    private static BatchOperation ReadOperation(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Object) throw new JsonException($"{where} is not an object.");
        var kind = Text(element, "op", where) switch
        {
            "get" => BatchKind.Get,
            "put" => BatchKind.Put,
            "delete" => BatchKind.Delete,
            _ => throw new JsonException($"{where}: \"op\" is one of get, put, delete."),
        };
        CheckMembers(element, kind, where);
        var (contentType, value) = kind == BatchKind.Put ? ReadValue(element, where) : (SessionDocument.JsonType, default);
        return new BatchOperation(kind, Id(element, "session", where), Id(element, "item", where))
        {
            ContentType = contentType,
            Value = value,
            Options = new WriteOptions { Condition = ReadCondition(element, where) },
        };
    }

    private static void CheckMembers(JsonElement element, BatchKind kind, string where)
    {
        var (taker, known) = kind switch
        {
            BatchKind.Get => ("a get", GetMembers),
            BatchKind.Put => ("a put", PutMembers),
            _ => ("a delete", DeleteMembers),
        };
        try
        {
            JsonMembers.Check(element, taker, known);
        }
        catch (JsonException e)
        {
            throw new JsonException($"{where}: {e.Message}", e);
        }
    }

    private static Precondition ReadCondition(JsonElement element, string where)
        => EntityTag.TryReadCondition(Text(element, "ifMatch", where), Text(element, "ifNoneMatch", where), out var condition, out var fault)
            ? condition
            : throw new JsonException($"{where}: {fault}");

    private static (string ContentType, ItemValue Value) ReadValue(JsonElement element, string where)
    {
        var hasValue = element.TryGetProperty("value", out var value);
        if (hasValue == element.TryGetProperty("base64", out var base64))
            throw new JsonException($"{where}: a put has either \"value\" or \"base64\".");
        var contentType = Text(element, "contentType", where);
        if (contentType is not null && !SessionDocument.TakesType(contentType))
            throw new JsonException($"{where}: \"contentType\" is 1 to {SessionDocument.MaxContentTypeLength} printable ASCII characters.");
        if (hasValue) return (contentType ?? SessionDocument.JsonType, ItemValue.From(Encoding.UTF8.GetBytes(value.GetRawText())));
        if (base64.ValueKind != JsonValueKind.String || !base64.TryGetBytesFromBase64(out var bytes))
            throw new JsonException($"{where}: \"base64\" is not base64.");
        return (contentType ?? "application/octet-stream", ItemValue.From(bytes));
    }

    private static byte[] Id(JsonElement element, string name, string where)
    {
        var id = Encoding.UTF8.GetBytes(Text(element, name, where) ?? "");
        return id.Length is > 0 and <= PathParser.MaxIdBytes
            ? id
            : throw new JsonException($"{where}: \"{name}\" is an id of 1 to {PathParser.MaxIdBytes} bytes of UTF-8.");
    }

    private static string? Text(JsonElement element, string name, string where)
    {
        if (!element.TryGetProperty(name, out var value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw new JsonException($"{where}: \"{name}\" is not a text.");
    }
}
