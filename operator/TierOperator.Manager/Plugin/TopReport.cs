using System.Globalization;
using System.Text;
using System.Text.Json;
using TierOperator.Kubernetes.Client;
using TierOperator.Manager.Commands;
using TierOperator.Manager.Pods;
using TierOperator.Manager.Statuses;

namespace TierOperator.Manager.Plugin;

/// <summary>
/// <c>kubectl tier top</c>: what the sidecars of a namespace hold and how often they hit, the fullest first. Their admin ports
/// are asked through the API server (<c>pods/proxy</c>), a few at a time.
/// </summary>
internal sealed class TopReport(KubeClient client, TextWriter output)
{
    private const int MostAtOnce = 8;
    private static readonly CompositeFormat s_row = CompositeFormat.Parse("{0,-32} {1,-20} {2,-13} {3,10} {4,10} {5,6}  {6}");

    public async Task<int> WriteAsync(string @namespace, CancellationToken cancellationToken)
    {
        var pods = await PodsAsync(@namespace, cancellationToken);
        var reports = new SidecarReport?[pods.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, pods.Count, options, async (place, token) => reports[place] = await AskAsync(pods[place], token));
        await output.WriteLineAsync(string.Format(null, s_row, "POD", "POLICY", "REVISION", "MEMORY", "DISK", "HITS", "STATE"));
        foreach (var (pod, report) in pods.Zip(reports).OrderByDescending(pair => pair.Second?.Tiers.Sum(tier => tier.UsedBytes) ?? -1))
            await output.WriteLineAsync(report is null
                ? string.Format(null, s_row, pod.Metadata.Name, pod.Policy, "-", "-", "-", "-", "does not answer")
                : Row(pod, report));
        return ExitCode.Ok;
    }

    private async Task<List<PodRecord>> PodsAsync(string @namespace, CancellationToken cancellationToken)
    {
        var pods = new List<PodRecord>();
        string? next = null;
        do
        {
            var page = await client.ListPageAsync(PodRecord.View, new ListScope(@namespace, Names.WellKnown.Owner), next, cancellationToken);
            pods.AddRange(page.Items.Where(pod => pod is { HasSidecar: true, IsRunning: true }));
            next = page.Continue;
        }
        while (next is not null);

        return pods;
    }

    private async Task<SidecarReport?> AskAsync(PodRecord pod, CancellationToken cancellationToken)
    {
        try
        {
            var status = await client.GetPathAsync($"api/v1/namespaces/{pod.Metadata.Namespace}/pods/{pod.Metadata.Name}:{pod.AdminPort}/proxy/status", cancellationToken);
            return SidecarReport.Read(JsonSerializer.SerializeToElement(status));
        }
        catch (KubeApiException fault) when (!fault.IsForbidden)
        {
            // It starts, ends, or is cut off: the other pods are still worth a line.
            return null;
        }
    }

    private static string Row(PodRecord pod, SidecarReport report)
    {
        var hits = report.Tiers.Sum(tier => tier.Hits);
        var ratio = hits + report.Misses == 0 ? "-" : (hits / (double)(hits + report.Misses)).ToString("0.00", CultureInfo.InvariantCulture);
        var state = report.Refused is not null ? "refuses a revision" : report.Tiers.Select(tier => tier.State).FirstOrDefault(state => state != "Healthy") ?? "Healthy";
        return string.Format(null, s_row, pod.Metadata.Name, pod.Policy, Short(report.Revision), Used(report, "memory"), Used(report, "spillover"), ratio, state);
    }

    private static string Short(string? revision) => revision is null ? "-" : revision[..Math.Min(12, revision.Length)];

    private static string Used(SidecarReport report, string tier) =>
        report.Tiers.FirstOrDefault(entry => entry.Name == tier) is { } found ? $"{found.UsedBytes / 1024.0 / 1024.0:0.0}Mi" : "-";
}
