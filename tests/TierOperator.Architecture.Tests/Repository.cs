using System.Diagnostics;

namespace TierOperator.Architecture;

/// <summary>The repository's files as git tracks them, read from the working tree.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Tracked files that still exist, and new ones that are not ignored: what the next commit would hold.</summary>
    public static IReadOnlyList<string> Files { get; } = ListFiles();

    /// <summary>The file's text, or null where it is not text (a NUL byte within its first kilobytes, as git judges).</summary>
    public static string? ReadText(string relativePath)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Root, relativePath));
        return bytes.AsSpan(0, Math.Min(bytes.Length, 8000)).Contains((byte)0) ? null : System.Text.Encoding.UTF8.GetString(bytes);
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TierOperator.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("no folder above this test holds TierOperator.sln");
        return folder;
    }

    private static List<string> ListFiles()
    {
        var start = new ProcessStartInfo("git") { RedirectStandardOutput = true, WorkingDirectory = Root };
        foreach (var argument in new[] { "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard" })
            start.ArgumentList.Add(argument);
        using var git = Process.Start(start) ?? throw new InvalidOperationException("git did not start");
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Distinct().Where(file => File.Exists(Path.Combine(Root, file)))];
    }
}
