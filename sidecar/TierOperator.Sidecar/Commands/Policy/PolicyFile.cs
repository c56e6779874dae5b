using TierOperator.Policy;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>A policy file as it was read: its text for messages, and what became of loading it.</summary>
internal sealed record PolicyFile(string Name, string[] Lines, PolicyLoadResult Result)
{
    /// <summary>One byte more than a policy may have: enough to be refused, however long the file is.</summary>
    private const int MostBytes = (1 << 20) + 1;

    /// <summary>Reads a file, or standard input for <c>-</c>; null where it cannot be, with the reason.</summary>
    public static PolicyFile? Read(string name, out string unreadable)
    {
        unreadable = "";
        try
        {
            using var stream = name == "-" ? Console.OpenStandardInput() : File.OpenRead(name);
            var bytes = new byte[MostBytes];
            var length = stream.ReadAtLeast(bytes, MostBytes, throwOnEndOfStream: false);
            var utf8 = bytes.AsSpan(0, length);
            var shown = name == "-" ? "standard input" : name;
            return new PolicyFile(shown, System.Text.Encoding.UTF8.GetString(utf8).Split('\n'), PolicyLoader.Load(utf8, shown));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            unreadable = $"cannot read {name}: {exception.Message}";
            return null;
        }
    }
}
