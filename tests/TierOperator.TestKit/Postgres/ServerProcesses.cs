using System.Globalization;
using System.Runtime.InteropServices;

namespace TierOperator.TestKit.Postgres;

/// <summary>Signals a process and its children; those of PostgreSQL are in sessions of their own, so no group reaches them.</summary>
internal static partial class ServerProcesses
{
    public const int Kill = 9;
    public const int Stop = 19;
    public const int Continue = 18;

    /// <summary>PostgreSQL's fast shutdown: calls under way are ended, and what was committed is written out.</summary>
    public static void Interrupt(int process) => _ = Signal(process, 2);

    /// <summary>The parent is held first, so that it starts no new ones meanwhile, and does not leave its children to others.</summary>
    public static void SignalTree(int process, int signal)
    {
        if (Signal(process, Stop) != 0) return;
        foreach (var child in ChildrenOf(process)) _ = Signal(child, signal);
        _ = Signal(process, signal);
    }

    private static List<int> ChildrenOf(int parent)
    {
        var children = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process)) continue;
            try
            {
                // The name in parentheses may hold anything, spaces included; the parent stands second after it.
                var stat = File.ReadAllText($"{folder}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (int.Parse(fields[1], CultureInfo.InvariantCulture) == parent) children.Add(process);
            }
            catch (IOException)
            {
                // it ended while we looked
            }
        }

        return children;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Signal(int process, int signal);
}
