using System.Globalization;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Manager.Hosting;

/// <summary>What the API server offers, found by asking it.</summary>
internal sealed record ClusterFacts(int Minor, IReadOnlyList<ResourceType> Offered)
{
    // Before it an init container with restartPolicy Always is refused or ignored.
    private const int FirstWithNativeSidecars = 29;

    public bool HasNativeSidecars => Minor >= FirstWithNativeSidecars;

    /// <summary>The server's version, and which of the kinds it has.</summary>
    public static async Task<ClusterFacts> AskAsync(KubeClient client, IEnumerable<ResourceType> kinds, CancellationToken cancellationToken)
    {
        var version = await client.GetPathAsync("version", cancellationToken);
        var digits = new string([.. (version["minor"]?.GetValue<string>() ?? "0").TakeWhile(char.IsAsciiDigit)]);
        var offered = new List<ResourceType>();
        foreach (var group in kinds.GroupBy(kind => kind.ApiVersion))
        {
            var names = await PluralsAsync(client, group.First(), cancellationToken);
            offered.AddRange(group.Where(kind => names.Contains(kind.Plural)));
        }

        return new ClusterFacts(digits.Length == 0 ? 0 : int.Parse(digits, CultureInfo.InvariantCulture), offered);
    }

    private static async Task<HashSet<string>> PluralsAsync(KubeClient client, ResourceType any, CancellationToken cancellationToken)
    {
        try
        {
            var list = await client.GetPathAsync(any.Group.Length == 0 ? $"api/{any.Version}" : $"apis/{any.ApiVersion}", cancellationToken);
            return [.. (list["resources"] as JsonArray ?? []).Select(resource => resource?["name"]?.GetValue<string>() ?? "")];
        }
        catch (KubeApiException error) when (error.IsNotFound)
        {
            return [];
        }
    }
}
