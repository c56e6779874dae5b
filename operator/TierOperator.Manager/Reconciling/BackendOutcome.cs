using TierOperator.Manager.Statuses;

namespace TierOperator.Manager.Reconciling;

/// <summary>What became of a policy's backends.</summary>
/// <param name="Held">What other field managers hold.</param>
/// <param name="ReadsUserSecrets">Whether a Secret of the user's has to be looked at again.</param>
internal sealed record BackendOutcome(IReadOnlyList<BackendState> States, IReadOnlyList<string> Held, bool ReadsUserSecrets);
