namespace TierOperator.Policy.Values;

/// <summary>A text, number or boolean of the document, kept as the text that was written.</summary>
public readonly record struct ScalarText(string Text)
{
    public override string ToString() => Text;
}
