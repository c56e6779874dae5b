namespace TierOperator.Kubernetes.Admission;

/// <summary>Changes objects on their way in. The same request gets the same answer, whatever ran before.</summary>
public interface IMutationWebhook
{
    Task<AdmissionResult> MutateAsync(AdmissionRequest request, CancellationToken cancellationToken);
}
