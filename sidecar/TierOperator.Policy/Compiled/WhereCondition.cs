namespace TierOperator.Policy.Compiled;

/// <summary>What a <c>where</c> entry asks of a field.</summary>
public enum WhereOperator { In, NotIn, Exists, DoesNotExist, Gt, Lt }

/// <summary>One condition over a session's JSON fields. Immutable.</summary>
public sealed record WhereCondition(string Field, WhereOperator Operator, IReadOnlyList<string> Values)
{
    /// <summary>True when the session as given meets the condition. A missing field meets NotIn and DoesNotExist only.</summary>
    public bool IsMet(ISessionFields fields)
    {
        // Indexed loops: an enumerator over the interface would be an allocation per write.
        var exists = fields.TryGetField(Field, out var value);
        return Operator switch
        {
            WhereOperator.Exists => exists,
            WhereOperator.DoesNotExist => !exists,
            WhereOperator.In => exists && HasValue(value),
            WhereOperator.NotIn => !exists || !HasValue(value),
            WhereOperator.Gt => exists && TryCompare(value, out var order) && order > 0,
            _ => exists && TryCompare(value, out var order) && order < 0,
        };
    }

    private bool HasValue(string value)
    {
        for (var index = 0; index < Values.Count; index++)
            if (string.Equals(Values[index], value, StringComparison.Ordinal)) return true;
        return false;
    }

    private bool TryCompare(string value, out int order)
    {
        order = 0;
        if (!decimal.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var left)
            || !decimal.TryParse(Values[0], System.Globalization.CultureInfo.InvariantCulture, out var right))
            return false;
        order = left.CompareTo(right);
        return true;
    }
}
