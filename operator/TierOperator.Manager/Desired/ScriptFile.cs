using System.Reflection;

namespace TierOperator.Manager.Desired;

/// <summary>A shell script that runs in a backend's pod, embedded as it stands in Desired/Scripts.</summary>
internal static class ScriptFile
{
    public static (string File, string Text) Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"TierOperator.Manager.Scripts.{name}")
            ?? throw new InvalidOperationException($"the script {name} is not embedded");
        using var reader = new StreamReader(stream);
        return (name, reader.ReadToEnd());
    }
}
