namespace TierOperator.Manager.Statuses;

/// <summary>What a backend is waiting for, or that it is ready.</summary>
/// <param name="Name">redis or postgres.</param>
/// <param name="Reason">One CamelCase word, from a closed set.</param>
internal sealed record BackendState(string Name, bool IsReady, string Reason, string Message);
