using System.Globalization;
using System.Text;

namespace TierOperator.Tiering.Postgres.Migrations;

/// <summary>One step of the schema. Numbers begin at 1 and leave none out; a step never changes once released.</summary>
internal sealed record Migration(int Number, string Name, string Sql)
{
    private const string SqlSuffix = ".sql";
    private static readonly string s_folder = $"{typeof(Migration).Namespace}.";

    /// <summary>All steps in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = [.. Resources(static name => char.IsAsciiDigit(name[0])).Select(Read).OrderBy(static step => step.Number)];

    /// <summary>The functions, made anew after any step: they have no data, only the form of the newest tables.</summary>
    public static IReadOnlyList<string> Functions { get; } = [.. Resources(static name => name.StartsWith("functions-", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Text)];

    public static int Newest => All[^1].Number;

    /// <summary>The SQL with the schema's name put in; the name was checked when the URL was read.</summary>
    public static string In(string schema, string sql) => sql.Replace("{schema}", schema, StringComparison.Ordinal);

    private static Migration Read(string name)
        => new(int.Parse(name[..4], CultureInfo.InvariantCulture), name[5..^SqlSuffix.Length], Text(name));

    private static IEnumerable<string> Resources(Func<string, bool> wanted)
        => typeof(Migration).Assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(s_folder, StringComparison.Ordinal) && name.EndsWith(SqlSuffix, StringComparison.Ordinal))
            .Select(static name => name[s_folder.Length..]).Where(wanted);

    private static string Text(string name)
    {
        using var reader = new StreamReader(typeof(Migration).Assembly.GetManifestResourceStream(s_folder + name)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
