using System.Security.Cryptography.X509Certificates;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.TestKit;

/// <summary>What a fake API server is like.</summary>
public sealed record FakeApiServerOptions
{
    /// <summary>The version that it tells.</summary>
    public string Version { get; init; } = "v1.34.0";

    /// <summary>Kinds that it lacks, as an older server would.</summary>
    public IReadOnlyList<ResourceType> Without { get; init; } = [];

    /// <summary>Kinds beyond Kubernetes' own; each has its status apart.</summary>
    public IReadOnlyList<ResourceType> CustomResources { get; init; } = [];

    /// <summary>How long a watch is quiet before it gets a bookmark.</summary>
    public TimeSpan BookmarkEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Speaks TLS, and HTTP/2 with it, under this certificate; null for plain HTTP/1.1.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>How many streams one HTTP/2 connection may have.</summary>
    public int StreamsPerConnection { get; init; } = 100;

    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; }
}
