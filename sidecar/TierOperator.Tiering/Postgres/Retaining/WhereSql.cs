using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using TierOperator.Policy.Compiled;

namespace TierOperator.Tiering.Postgres.Retaining;

/// <summary>
/// Conditions over a session's JSON fields as SQL over its items' <c>doc</c>, meaning what <see cref="WhereCondition.IsMet"/> means: a
/// field's text is a string's content, or any other value as it is written. Values and paths are parameters.
/// </summary>
internal sealed class WhereSql(string schema, NpgsqlParameterCollection parameters)
{
    public string Of(WhereCondition condition) => condition.Operator switch
    {
        WhereOperator.Exists => Any(condition.Field, "f.value IS NOT NULL"),
        WhereOperator.DoesNotExist => "NOT " + Any(condition.Field, "f.value IS NOT NULL"),
        WhereOperator.In => Any(condition.Field, $"f.value = ANY ({Add(condition.Values.ToArray())})"),
        WhereOperator.NotIn => "NOT " + Any(condition.Field, $"f.value = ANY ({Add(condition.Values.ToArray())})"),
        WhereOperator.Gt => Compare(condition, ">"),
        WhereOperator.Lt => Compare(condition, "<"),
        _ => throw new ArgumentOutOfRangeException(nameof(condition)),
    };

    /// <summary>True where a field is neither absent nor false, null or empty: a legal hold.</summary>
    public string IsSet(string field) => Any(field, "f.value NOT IN ('false', 'null', '')");

    /// <summary>The field's text, as one value; null where it is absent.</summary>
    public string Text(string field) => $"(SELECT f.value FROM {From(field)} LIMIT 1)";

    /// <summary>The field as a number; null where it is none.</summary>
    public string Number(string field) => $"(SELECT {AsNumber} FROM {From(field)} LIMIT 1)";

    private const string AsNumber = "CASE WHEN f.value ~ '^-?[0-9]{1,30}([.][0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$' THEN f.value::numeric END";

    private string Compare(WhereCondition condition, string comparison)
        => decimal.TryParse(condition.Values[0], CultureInfo.InvariantCulture, out var number)
            ? Any(condition.Field, $"{AsNumber} {comparison} {Add(number)}")
            : "false";

    private string Any(string field, string test) => $"EXISTS (SELECT FROM {From(field)} WHERE {test})";

    private string From(string field)
    {
        var dot = field.IndexOf('.', StringComparison.Ordinal);
        var name = Encoding.UTF8.GetBytes(dot < 0 ? field : field[..dot]);
        var path = Add(dot < 0 ? [] : field[(dot + 1)..].Split('.'));
        return $"""
            (SELECT coalesce(i.doc #>> {path}, CASE WHEN i.doc #> {path} IS NOT NULL THEN 'null' END) AS value
             FROM {schema}.item i WHERE i.session_id = s.id AND i.lookup = {Add(LookupKey.Of(name))} AND NOT i.removed) f
            """;
    }

    private string Add(object value)
    {
        parameters.Add(value is byte[]? new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Bytea }
            : value is string[]? new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text }
            : new NpgsqlParameter { Value = value });
        return $"${parameters.Count}";
    }
}
