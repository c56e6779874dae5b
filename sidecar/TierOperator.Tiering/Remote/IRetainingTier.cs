using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Retention;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Remote;

/// <summary>A tier that carries out retention on what it holds.</summary>
public interface IRetainingTier
{
    /// <summary>
    /// Chooses by the policy's entries, in order, and acts unless <paramref name="dryRun"/>. One query chooses for both: a run takes
    /// what a preview just before it has shown, but for sessions written in between. Age counts from the last write.
    /// <paramref name="export"/> receives what an Export entry takes before it is deleted; without it such entries are skipped.
    /// </summary>
    ValueTask<RetentionReport> RunRetentionAsync(IReadOnlyList<CompiledRetention> entries, bool dryRun, IRetentionExport? export, CancellationToken cancellationToken);
}

/// <summary>Where exported sessions go.</summary>
public interface IRetentionExport
{
    /// <summary>
    /// Takes sessions, and returns when they are safe: they are deleted next. They are the caller's to release. An
    /// <see cref="IOException"/> says that they could not be written; nothing is deleted then.
    /// </summary>
    ValueTask WriteAsync(IReadOnlyList<SessionSnapshot> sessions, CancellationToken cancellationToken);
}
