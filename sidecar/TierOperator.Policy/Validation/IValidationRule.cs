namespace TierOperator.Policy.Validation;

/// <summary>One thing that must hold between fields. A rule reports all it finds and never ends the others' work.</summary>
internal interface IValidationRule
{
    void Check(ValidationContext context);
}
