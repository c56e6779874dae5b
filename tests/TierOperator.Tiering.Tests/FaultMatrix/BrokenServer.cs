namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>A real server with one way to break it and to mend it again. Disposing ends everything that was started for it.</summary>
internal sealed class BrokenServer(string url, FaultEffect effect, params IAsyncDisposable[] parts) : IAsyncDisposable
{
    public string Url => url;
    public FaultEffect Effect => effect;

    /// <summary>It is broken before the first connection.</summary>
    public bool IsBrokenFromTheStart { get; init; }
    public required Func<Task> BreakAsync { get; init; }
    public required Func<Task> MendAsync { get; init; }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in parts) await part.DisposeAsync();
    }
}
