using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace TierOperator.Sidecar.Commands.Client;

/// <summary>Tables and numbers for people.</summary>
internal static class Tables
{
    public static Table Plain(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        foreach (var column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)).PadRight(0));
        return table;
    }

    public static void Add(this Table table, params string[] cells) => table.AddRow([.. cells.Select(Markup.Escape)]);

    /// <summary>One row per member of an object; what is inside a member stands below it, indented.</summary>
    public static Table OfMembers(JsonElement element)
    {
        var table = Plain("what", "value");
        AddMembers(table, element, "");
        return table;
    }

    private static void AddMembers(Table table, JsonElement element, string indent)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (Parts(member.Value) is not { Count: > 0 } parts)
            {
                table.Add(indent + member.Name, Text(member.Value));
                continue;
            }

            foreach (var part in parts)
            {
                table.Add(indent + member.Name, "");
                AddMembers(table, part, indent + "  ");
            }
        }
    }

    private static List<JsonElement> Parts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => [value],
        JsonValueKind.Array => [.. value.EnumerateArray().Where(static part => part.ValueKind == JsonValueKind.Object)],
        _ => [],
    };

    public static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Text)),
        JsonValueKind.Null => "-",
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };

    /// <summary>A time as people read it, in UTC to the second: half as wide as the answer's own form.</summary>
    public static string Time(JsonElement value)
        => value.TryGetDateTimeOffset(out var time) ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ssZ", CultureInfo.InvariantCulture) : Text(value);

    public static string Bytes(JsonElement value)
    {
        double bytes = value.GetInt64();
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        for (; bytes >= 1024 && unit < units.Length - 1; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.#} {units[unit]}");
    }
}
