namespace TierOperator.Sidecar.Tests.Running;

/// <summary>The repository that these tests were built in: documentation is read where it stands.</summary>
internal static class Repository
{
    private static readonly string Root = Find();

    public static string PathOf(string path) => Path.Combine(Root, path);

    private static string Find()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
            if (File.Exists(Path.Combine(at, "TierOperator.sln"))) return at;
        throw new DirectoryNotFoundException("No folder above this test holds TierOperator.sln.");
    }
}
