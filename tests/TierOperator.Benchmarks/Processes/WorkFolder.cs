using System.Globalization;

namespace TierOperator.Benchmarks.Processes;

/// <summary>A folder under out/bench, on the disk that the repository is on; gone with all in it when disposed.</summary>
internal sealed class WorkFolder : IDisposable
{
    private static int last;

    public WorkFolder()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Interlocked.Increment(ref last)}");
        Path = Directory.CreateDirectory(System.IO.Path.Combine(RepositoryRoot.Path, "out/bench", name)).FullName;
    }

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
