using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Sync;

/// <summary>Notes for people on their way into the audit tables: how conflicts were decided, and what was refused for good.</summary>
/// <remarks>Thread-safe. Bounded: while nobody takes them the newest beyond the limit are only counted, for they are notes and not data.</remarks>
internal sealed class AuditQueue
{
    private const int Limit = 10_000;
    private const int BatchSize = 500;

    private readonly Lock _gate = new();
    private readonly Queue<ConflictNote> _conflicts = new();
    private readonly Queue<DeadLetterNote> _letters = new();
    private long _decided;

    /// <summary>Conflicts that were decided since the start, noted or not.</summary>
    public long Decided => Interlocked.Read(ref _decided);

    public void Add(ConflictNote note)
    {
        Interlocked.Increment(ref _decided);
        lock (_gate)
        {
            if (_conflicts.Count < Limit) _conflicts.Enqueue(note);
        }
    }

    public void Add(DeadLetterNote note)
    {
        lock (_gate)
        {
            if (_letters.Count < Limit) _letters.Enqueue(note);
        }
    }

    /// <summary>Hands over what waits, a batch of each kind; what the store does not take waits on.</summary>
    public async ValueTask FlushAsync(IAuditStore store, CancellationToken cancellationToken)
    {
        if (Peek(_conflicts) is { Count: > 0 } conflicts && await store.NoteAsync(conflicts, cancellationToken)) Drop(_conflicts, conflicts.Count);
        if (Peek(_letters) is { Count: > 0 } letters && await store.NoteAsync(letters, cancellationToken)) Drop(_letters, letters.Count);
    }

    private List<T> Peek<T>(Queue<T> queue)
    {
        lock (_gate) return [.. queue.Take(BatchSize)];
    }

    private void Drop<T>(Queue<T> queue, int count)
    {
        lock (_gate)
            for (; count > 0; count--) queue.Dequeue();
    }
}
