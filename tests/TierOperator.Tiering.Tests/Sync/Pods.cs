using System.Globalization;
using System.Text;
using TierOperator.Tiering.Tests.Remote;

namespace TierOperator.Tiering.Tests.Sync;

/// <summary>Three sidecars over the same servers; unless told otherwise their clocks are an hour apart.</summary>
internal sealed class Pods : IAsyncDisposable
{
    public Pods(SharedServers servers, string rule, TimeSpan? skew = null, string sync = "interval: 100ms", int timeoutMs = 500)
        => All = [.. Enumerable.Range(-1, 3).Select(at => new RealSidecar(servers, (uint)(at + 2), at * (skew ?? TimeSpan.FromHours(1)), rule, sync, timeoutMs: timeoutMs))];

    public IReadOnlyList<RealSidecar> All { get; }

    public void Mend()
    {
        foreach (var pod in All) (pod.ToRedis.IsShut, pod.ToPostgres.IsShut) = (false, false);
    }

    public Task AreSettledAsync() => Eventually.HoldsAsync(
        () => All.All(pod => pod.IsSettled), () => string.Join('\n', All.SelectMany(pod => pod.Engine.Status().Tiers.Skip(2))));

    /// <summary>What all of them tell, once they do.</summary>
    public async Task<string> AgreeAsync(int sessions, string[] items)
    {
        IReadOnlyList<string> views = [];
        await Eventually.HoldsAsync(async () => (views = await ViewsAsync(sessions, items)).Distinct().Count() == 1 && !views[0].Contains('?'), () => string.Join('\n', views));
        return views[0];
    }

    public async Task<IReadOnlyList<string>> ViewsAsync(int sessions, string[] items)
    {
        var views = new List<string>();
        foreach (var pod in All)
        {
            var view = new StringBuilder();
            for (var session = 0; session < sessions; session++)
                foreach (var item in items) view.Append(CultureInfo.InvariantCulture, $"s{session}.{item}={await pod.ValueAsync($"s{session}", item)};");
            views.Add(view.ToString());
        }

        return views;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pod in All) await pod.DisposeAsync();
    }
}
