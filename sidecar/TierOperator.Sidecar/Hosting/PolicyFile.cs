using System.Globalization;
using System.Text;
using TierOperator.Policy;
using TierOperator.Policy.Faults;
using TierOperator.Sidecar.Commands.Policy;

namespace TierOperator.Sidecar.Hosting;

/// <summary>Reads a policy file for <c>tier run</c>.</summary>
internal static class PolicyFile
{
    /// <summary>More than any policy: what is larger is refused by its length before it is read whole.</summary>
    private const long MaxBytes = 8 * 1024 * 1024;

    /// <summary>Reads what a file holds, or what a folder holds for this pod. Throws as <see cref="Read(string)"/> does.</summary>
    public static byte[] Read(string path, string? podUid) => Directory.Exists(path) ? PolicyFolder.Read(path, podUid) : Read(path);

    /// <summary>Reads all bytes. Throws <see cref="StartFault"/> when there is no such file or it cannot be read.</summary>
    public static byte[] Read(string path)
    {
        try
        {
            if (Directory.Exists(path)) throw Unreadable(path, "it is a folder: name the file");
            var length = new FileInfo(path).Length;
            if (length > MaxBytes) throw Unreadable(path, $"it has {length.ToString(CultureInfo.InvariantCulture)} bytes, and a policy at most 1 MiB");
            return length > 0 ? File.ReadAllBytes(path) : ReadUnsized(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unreadable(path, "there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e.Message);
        }
    }

    /// <summary>A pipe or device does not say how much there is: read what a policy may have, and no more.</summary>
    private static byte[] ReadUnsized(string path)
    {
        using var stream = File.OpenRead(path);
        var bytes = new byte[(1 << 20) + 1];
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    /// <summary>Loads a policy that must be good. Throws <see cref="StartFault"/> with every fault as <c>tier policy lint</c> shows it.</summary>
    public static LoadedPolicy Load(string path, byte[] content)
    {
        var result = PolicyLoader.Load(content, path);
        return result.IsValid
            ? LoadedPolicy.From(result)
            : throw new StartFault(ExitCode.Refused, AsLint(path, content, result));
    }

    private static string AsLint(string path, byte[] content, PolicyLoadResult result)
    {
        using var text = new StringWriter();
        var file = new Commands.Policy.PolicyFile(path, Encoding.UTF8.GetString(content).Split('\n'), result);
        new FaultReport(text, new TerminalStyle(Console.IsErrorRedirected is false)).Write(file);
        return text.ToString().TrimEnd();
    }

    /// <summary>Faults one line each, for the status document.</summary>
    public static IEnumerable<string> Lines(string path, IEnumerable<PolicyFault> faults)
        => faults.Select(fault => $"{path}:{fault}");

    private static StartFault Unreadable(string path, string why)
        => new(ExitCode.Usage, $"the policy {path} cannot be read: {why}");
}
