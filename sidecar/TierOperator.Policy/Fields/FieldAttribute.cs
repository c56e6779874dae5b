namespace TierOperator.Policy.Fields;

/// <summary>
/// What people and programs are told about a field of the policy document. The one source of the reader's bounds and
/// hints, the defaults, the reference page, the JSON Schema and the CRD.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FieldAttribute(string description) : Attribute
{
    public string Description { get; } = description;

    /// <summary>The default as it would be written in YAML; <c>{}</c> makes an absent object exist with its own defaults.</summary>
    public string? Default { get; set; }

    /// <summary>A default that depends on other fields, in words.</summary>
    public string? DefaultNote { get; set; }

    /// <summary>The least value, as it would be written. For lists the least count, for texts the least length.</summary>
    public string? Min { get; set; }

    /// <summary>The greatest value, as it would be written. For lists the greatest count, for texts the greatest length.</summary>
    public string? Max { get; set; }

    /// <summary>A regular expression for the whole value (of a list: each element; of a map: each key).</summary>
    public string? Pattern { get; set; }

    /// <summary>The pattern in words, for messages.</summary>
    public string? PatternHint { get; set; }

    public bool Required { get; set; }

    /// <summary>True where a change needs a new pod; inherited by all below.</summary>
    public bool RestartBound { get; set; }

    /// <summary>True where only a greater value needs a new pod.</summary>
    public bool RestartBoundUpward { get; set; }

    /// <summary>True where the order of a list means nothing and an entry twice is a fault.</summary>
    public bool Set { get; set; }
}

/// <summary>Marks an enumeration whose values are written in lower case: tier names are field names too.</summary>
[AttributeUsage(AttributeTargets.Enum)]
public sealed class LowerCaseNamesAttribute : Attribute;
