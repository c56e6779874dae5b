using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using TierOperator.Benchmarks.Processes;

namespace TierOperator.Benchmarks;

/// <summary>`tier-bench micro`: BenchmarkDotNet over single operations.</summary>
internal static class MicroCommand
{
    private static readonly Option<string> Filter = new("--filter") { Description = "which benchmarks, as *Class.Method*", DefaultValueFactory = _ => "*" };

    public static Command Create()
    {
        var command = new Command("micro", "time and allocation of single operations (BenchmarkDotNet)") { Filter };
        command.SetAction(arguments =>
        {
            // In this process: a generated project would be built under the repository's own rules for people's code.
            var config = DefaultConfig.Instance
                .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
                .WithArtifactsPath(Path.Combine(RepositoryRoot.Path, "out/bench/micro"));
            var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(["--filter", arguments.GetValue(Filter)!], config);
            return summaries.Any() && summaries.All(summary => summary.Reports.Length > 0 && summary.Reports.All(report => report.Success)) ? 0 : 1;
        });
        return command;
    }
}
