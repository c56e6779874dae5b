namespace TierOperator.Kubernetes.Admission;

/// <summary>Lets objects in or refuses them, and says why.</summary>
public interface IValidationWebhook
{
    Task<AdmissionResult> ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken);
}
