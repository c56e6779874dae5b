namespace TierOperator.Tiering.Sync;

/// <summary>
/// How much is sent at once: doubled while the tier keeps up, halved when it does not, between one session at a time and what the
/// policy allows. Source: additive increase and multiplicative decrease, with doubling instead of adding, for batches differ by
/// orders of magnitude.
/// </summary>
/// <remarks>Used by one loop; read by metrics.</remarks>
internal sealed class Pace
{
    private const int FirstBatch = 16;
    private volatile int _batch = FirstBatch;
    private volatile int _parallelism = 1;

    public int Batch(SyncOptions options) => Math.Min(_batch, options.Batch);
    public int Parallelism(SyncOptions options) => Math.Min(_parallelism, options.Parallelism);

    /// <summary>A full batch went through in good time.</summary>
    public void Faster(SyncOptions options)
    {
        if (_batch < options.Batch) _batch = Math.Min(_batch * 2, options.Batch);
        else _parallelism = Math.Min(_parallelism + 1, options.Parallelism);
    }

    public void Slower()
    {
        _batch = Math.Max(1, _batch / 2);
        _parallelism = Math.Max(1, _parallelism / 2);
    }
}
