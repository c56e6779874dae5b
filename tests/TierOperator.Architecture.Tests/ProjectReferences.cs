using System.Xml.Linq;

namespace TierOperator.Architecture;

/// <summary>A project file's references to other projects, by name and by path.</summary>
internal static class ProjectReferences
{
    public static IEnumerable<string> ProjectsUnder(params string[] folders) =>
        Repository.Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)
            && folders.Any(folder => file.StartsWith(folder + "/", StringComparison.Ordinal)));

    public static string NameOf(string projectFile) =>
        Path.GetFileNameWithoutExtension(projectFile).Replace("TierOperator.", "", StringComparison.Ordinal);

    /// <summary>Paths relative to the repository, of every project that the XML of a project file refers to.</summary>
    public static IReadOnlyList<string> Of(string projectFile, string xml) =>
        [.. XDocument.Parse(xml).Descendants("ProjectReference")
            .Select(reference => reference.Attribute("Include")?.Value ?? "")
            .Select(include => Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(projectFile) ?? "", include.Replace('\\', '/')))[1..])];

    /// <summary>The references beyond what <paramref name="allowed"/> grants, each as "A → B".</summary>
    public static IEnumerable<string> Offences(string projectFile, string xml, IReadOnlyDictionary<string, string[]> allowed)
    {
        var name = NameOf(projectFile);
        if (!allowed.TryGetValue(name, out var granted))
            return [$"{name} stands in no list: add it to docs/ARCHITECTURE.md and to this test"];
        return Of(projectFile, xml).Select(NameOf).Except(granted).Select(other => $"{name} → {other}");
    }
}
