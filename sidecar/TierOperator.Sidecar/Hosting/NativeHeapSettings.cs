using System.Runtime.InteropServices;
using System.Text;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// The C library's heap holds the sessions, and glibc reads how many arenas it may have only when a process starts: with
/// one for each thread, what one frees another cannot use, and resident memory grows to twice what is accounted. So
/// <c>tier run</c> starts itself anew, once, with one arena: same process id, same streams, some 50 ms.
/// </summary>
internal static partial class NativeHeapSettings
{
    private const string Arenas = "MALLOC_ARENA_MAX";

    /// <summary>Returns where nothing is to be done, or where it could not be done: then memory is only less tight.</summary>
    public static void Ensure(IReadOnlyList<string> args)
    {
        if (!OperatingSystem.IsLinux() || args is not ["run", ..] || Environment.GetEnvironmentVariable(Arenas) is not null) return;
        try
        {
            if (SetVariable(Arenas, "1", 1) == 0) StartAnew();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library, or no /proc: go on as we are.
        }
    }

    private static unsafe void StartAnew()
    {
        var line = File.ReadAllBytes("/proc/self/cmdline");
        var count = line.Count(value => value == 0);
        var arguments = stackalloc byte*[count + 1];
        fixed (byte* first = line)
        fixed (byte* program = Encoding.UTF8.GetBytes("/proc/self/exe\0"))
        {
            var at = first;
            for (var i = 0; i < count; i++)
            {
                arguments[i] = at;
                while (*at++ != 0) { }
            }

            arguments[count] = null;
            _ = Execute(program, arguments); // comes back only when it failed
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetVariable(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "execv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int Execute(byte* path, byte** arguments);
}
