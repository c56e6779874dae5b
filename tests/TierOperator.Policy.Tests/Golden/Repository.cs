using System.Runtime.CompilerServices;

namespace TierOperator.Policy.Tests.Golden;

/// <summary>Files of the repository that tests compare with, and rewrite where TIER_UPDATE_GOLDEN=1 is set.</summary>
internal static class Repository
{
    /// <summary>The root of the working tree that was built.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", ".."));

    public static string Documents { get; } = Path.Combine(Root, "tests", "TierOperator.Policy.Tests", "Documents");

    /// <summary>Asserts that the file holds the text; rewrites it instead where that is asked for.</summary>
    public static void AssertGolden(string path, string actual)
    {
        if (Environment.GetEnvironmentVariable("TIER_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(expected == actual, $"{Path.GetRelativePath(Root, path)} is stale: run the tests with TIER_UPDATE_GOLDEN=1 and look at the change. Now:\n{actual}");
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
