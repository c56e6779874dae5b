using TierOperator.Benchmarks.Reporting;

namespace TierOperator.Benchmarks.Targets;

/// <summary>One of the numbers that docs/benchmarks.md holds the sidecar to, and the way it is measured.</summary>
internal interface ITarget
{
    /// <summary>The subcommand, and the section in docs/benchmarks.md.</summary>
    string Name { get; }
    string Description { get; }

    /// <param name="quick">A tenth of the work or less: shows that it runs, not what the number is.</param>
    Task<IReadOnlyList<Measurement>> MeasureAsync(bool quick, CancellationToken cancellation);
}
