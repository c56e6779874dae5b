namespace TierOperator.Kubernetes.TestKit.Faults;

/// <summary>Which requests will meet which faults, and what befalls open watches. Thread-safe.</summary>
public sealed class FaultPlan
{
    private readonly List<(Func<ApiCall, bool> When, ServerFault Fault, int Left)> _faults = [];
    private readonly Lock _lock = new();
    private CancellationTokenSource _cut = new();
    private CancellationTokenSource _end = new();
    private string? _lastWords;

    /// <summary>The next requests that match meet the fault.</summary>
    public void Next(Func<ApiCall, bool> when, ServerFault fault, int times = 1)
    {
        lock (_lock) _faults.Add((when, fault, times));
    }

    /// <summary>No fault any more.</summary>
    public void Clear()
    {
        lock (_lock) _faults.Clear();
        AreWatchesFrozen = false;
    }

    /// <summary>Breaks the connections of all open watches.</summary>
    public void CutWatches()
    {
        lock (_lock) Swap(ref _cut);
    }

    /// <summary>Ends all open watches, as the server does after their time.</summary>
    public void EndWatches(string? lastWords = null)
    {
        lock (_lock)
        {
            _lastWords = lastWords;
            Swap(ref _end);
        }
    }

    /// <summary>Tells all open watches of an error, and ends them.</summary>
    public void FailWatches(int status, string reason) =>
        EndWatches($$"""{"type":"ERROR","object":{{new ApiProblemException(status, reason, "a fault of the test").ToStatus().ToJsonString()}}}""" + "\n");

    /// <summary>While true nothing reaches a watch, its end included: half-open connections.</summary>
    public bool AreWatchesFrozen { get; set; }

    internal ServerFault? Meet(ApiCall call)
    {
        lock (_lock)
        {
            var place = _faults.FindIndex(fault => fault.When(call));
            if (place < 0) return null;
            var (when, fault, left) = _faults[place];
            if (left == 1) _faults.RemoveAt(place);
            else _faults[place] = (when, fault, left - 1);
            return fault;
        }
    }

    internal (CancellationToken Cut, CancellationToken End) WatchTokens()
    {
        lock (_lock) return (_cut.Token, _end.Token);
    }

    internal string? LastWords
    {
        get
        {
            lock (_lock) return _lastWords;
        }
    }

    private static void Swap(ref CancellationTokenSource source)
    {
        var old = source;
        source = new CancellationTokenSource();
        _ = old.CancelAsync();
    }
}
