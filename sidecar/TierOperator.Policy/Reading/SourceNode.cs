using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Reading;

/// <summary>A value of the YAML text with its place. Weight counts it and all below it.</summary>
internal abstract class SourceNode(SourcePosition at)
{
    public SourcePosition At { get; } = at;

    public int Weight { get; protected set; } = 1;

    /// <summary>What it is, for messages.</summary>
    public abstract string TypeName { get; }
}

/// <summary>What YAML 1.2's core schema takes a plain scalar for.</summary>
internal enum ScalarType { Text, Integer, Number, Boolean, Null }

/// <summary>A single value.</summary>
internal sealed class SourceScalar(SourcePosition at, string value, bool plain) : SourceNode(at)
{
    public string Value { get; } = value;

    /// <summary>True where it stands without quotes.</summary>
    public bool IsPlain { get; } = plain;

    public ScalarType Type { get; } = plain ? ScalarTypes.Resolve(value) : ScalarType.Text;

    public override string TypeName => Type switch
    {
        ScalarType.Integer => "a whole number",
        ScalarType.Number => "a number",
        ScalarType.Boolean => "a boolean",
        ScalarType.Null => "nothing",
        _ => "a text",
    };
}

/// <summary>A list.</summary>
internal sealed class SourceSequence(SourcePosition at) : SourceNode(at)
{
    public List<SourceNode> Items { get; } = [];

    public override string TypeName => "a list";

    public void Add(SourceNode item)
    {
        Items.Add(item);
        Weight += item.Weight;
    }
}

/// <summary>A mapping, in the order of the text, repeated keys included.</summary>
internal sealed class SourceMapping(SourcePosition at) : SourceNode(at)
{
    public List<(SourceScalar Key, SourceNode Value)> Entries { get; } = [];

    public override string TypeName => "a mapping";

    public void Add(SourceScalar key, SourceNode value)
    {
        Entries.Add((key, value));
        Weight += 1 + value.Weight;
    }
}
