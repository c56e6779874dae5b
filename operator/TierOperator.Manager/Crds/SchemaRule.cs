namespace TierOperator.Manager.Crds;

/// <summary>
/// What must hold at one place of the document, in CEL. It stands for the validator's rule of the same words, on servers
/// that run without the webhook.
/// </summary>
/// <param name="Path">The field, as <see cref="Policy.Fields.FieldDescription.Path"/> writes it; <c>self</c> in the expression.</param>
/// <param name="Expression">True where the document is right.</param>
/// <param name="Message">What is wrong, and what to write instead.</param>
internal sealed record SchemaRule(string Path, string Expression, string Message);
