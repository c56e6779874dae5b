using System.CommandLine;
using TierOperator.Benchmarks.Reporting;
using TierOperator.Benchmarks.Targets;

namespace TierOperator.Benchmarks;

/// <summary>A subcommand for each target, and `all`.</summary>
internal static class TargetCommands
{
    private static readonly Option<bool> Quick = new("--quick") { Description = "a tenth of the work: shows that it runs, not what the numbers are" };

    private static readonly ITarget[] Targets = [new EngineHit(), new HttpHit(), new DiskAckHttp(), new DiskAckInProcess(), new Restart(), new MemoryLimit(), new DiskLimit(), new Idle(), new RestoreFromDisk(), new PostgresDrain(), new PostgresScale(), new RedisClientSpeed(), new SharedWrites(), new SharedOutage(), new SharedLocality(), new SharedStaleness(), new RespRates(isDurable: false), new RespRates(isDurable: true), new RespIdle(), new CacheHit(), new CacheMiss(), new CacheLarge(), new CacheMany(), new OperatorScale(), new WatchCuts()];

    public static IEnumerable<Command> Create(Option<string> output)
    {
        foreach (var target in Targets)
        {
            var command = new Command(target.Name, target.Description) { Quick };
            command.SetAction((arguments, cancellation) => MeasureAsync([target], arguments.GetValue(Quick), arguments.GetValue(output) ?? Report.Table, cancellation));
            yield return command;
        }

        var all = new Command("all", "every target in turn; Markdown to paste into docs/benchmarks.md, or --output json") { Quick };
        all.SetAction((arguments, cancellation) => MeasureAsync(
            Targets, arguments.GetValue(Quick), arguments.GetResult(output) is { Implicit: false } ? arguments.GetValue(output)! : Report.Markdown, cancellation));
        yield return all;
    }

    // One target that cannot be measured does not take the others' numbers with it.
    private static async Task<int> MeasureAsync(IEnumerable<ITarget> targets, bool quick, string format, CancellationToken cancellation)
    {
        var (measurements, broken) = (new List<Measurement>(), 0);
        foreach (var target in targets)
        {
            ProgressLine.Say($"== {target.Name}: {target.Description}");
            try
            {
                measurements.AddRange(await target.MeasureAsync(quick, cancellation));
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                ProgressLine.Say($"{target.Name} could not be measured: {fault.Message}");
                broken++;
            }
        }

        Report.Write(measurements, format);
        return broken == 0 ? 0 : 1;
    }
}
