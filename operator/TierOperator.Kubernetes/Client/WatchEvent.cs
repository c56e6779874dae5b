namespace TierOperator.Kubernetes.Client;

/// <summary>What a watch tells.</summary>
public enum WatchEventKind { Added, Modified, Deleted, Bookmark }

/// <summary>One event of a watch.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="ResourceVersion">From where a new watch goes on.</param>
/// <param name="Item">The object; null for a bookmark.</param>
public readonly record struct WatchEvent<T>(WatchEventKind Kind, string ResourceVersion, T? Item);
