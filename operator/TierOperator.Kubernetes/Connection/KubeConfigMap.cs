using System.Text;
using YamlDotNet.RepresentationModel;

namespace TierOperator.Kubernetes.Connection;

/// <summary>One mapping of a kubeconfig, with the file and folder it stands in.</summary>
internal sealed record KubeConfigMap(YamlMappingNode Node, string File, string Folder)
{
    public static KubeConfigMap Empty { get; } = new([], "", "");

    public string? Text(string name) => Node.Children.TryGetValue(name, out var value) && value is YamlScalarNode scalar ? scalar.Value : null;

    public KubeConfigMap Map(string name) =>
        Node.Children.TryGetValue(name, out var value) && value is YamlMappingNode map ? this with { Node = map } : this with { Node = [] };

    public bool Has(string name) => Node.Children.ContainsKey(name);

    public IEnumerable<KubeConfigMap> List(string name) =>
        Node.Children.TryGetValue(name, out var value) && value is YamlSequenceNode list
            ? list.OfType<YamlMappingNode>().Select(entry => this with { Node = entry })
            : [];

    public IEnumerable<string> Texts(string name) =>
        Node.Children.TryGetValue(name, out var value) && value is YamlSequenceNode list
            ? list.OfType<YamlScalarNode>().Select(entry => entry.Value ?? "")
            : [];

    /// <summary>A PEM that stands inline under NAME-data, or in the file that NAME names; null where neither is given.</summary>
    public string? Pem(string name)
    {
        if (Text(name + "-data") is { Length: > 0 } data) return Decode(name, data);
        return Text(name) is { Length: > 0 } path ? ReadFile(name, path) : null;
    }

    public string PathOf(string path) => Path.GetFullPath(path, Folder);

    private string Decode(string name, string data)
    {
        try
        {
            return Encoding.ASCII.GetString(Convert.FromBase64String(data));
        }
        catch (FormatException error)
        {
            throw new ConnectionException($"{name}-data in the kubeconfig {File} is no base64", error);
        }
    }

    private string ReadFile(string name, string path)
    {
        try
        {
            return System.IO.File.ReadAllText(PathOf(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConnectionException($"the {name} of the kubeconfig {File} cannot be read: {error.Message}", error);
        }
    }
}
