namespace TierOperator.Benchmarks.Processes;

/// <summary>Where the repository is, seen from this program or from the folder that it was started in.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find(AppContext.BaseDirectory) ?? Find(Environment.CurrentDirectory) ?? Environment.CurrentDirectory;

    public static string Sidecar => Environment.GetEnvironmentVariable("TIER_EXECUTABLE") ?? System.IO.Path.Combine(Path, "out/sidecar/tier");

    /// <summary>A real access trace, which the eviction tests use too.</summary>
    public static string DefaultTrace => System.IO.Path.Combine(Path, "tests/TierOperator.TestKit/Data/web07.trace.gz");

    private static string? Find(string? folder)
    {
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder, "TierOperator.sln")))
            folder = System.IO.Path.GetDirectoryName(folder);
        return folder;
    }
}
