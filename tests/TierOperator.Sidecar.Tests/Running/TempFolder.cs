namespace TierOperator.Sidecar.Tests.Running;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tier-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>The folder for <c>--secrets</c>; see <see cref="Secret"/>.</summary>
    public string Secrets => File("secrets");

    /// <summary>A mounted Secret with the address of a backend.</summary>
    public void Secret(string name, string url)
    {
        Directory.CreateDirectory(System.IO.Path.Combine(Secrets, name));
        System.IO.File.WriteAllText(System.IO.Path.Combine(Secrets, name, "url"), url);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
