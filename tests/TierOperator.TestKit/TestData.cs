namespace TierOperator.TestKit;

/// <summary>The files of this project's folder Data, read where they stand in the repository: they are too large to copy.</summary>
public static class TestData
{
    private static readonly string s_folder = Find();

    /// <summary>The full path of a file in Data.</summary>
    public static string PathOf(string name) => Path.Combine(s_folder, name);

    private static string Find()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            var folder = Path.Combine(at, "tests", "TierOperator.TestKit", "Data");
            if (Directory.Exists(folder)) return folder;
        }

        throw new DirectoryNotFoundException("No folder above this test holds tests/TierOperator.TestKit/Data.");
    }
}
