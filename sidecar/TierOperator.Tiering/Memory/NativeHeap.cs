using System.Runtime.InteropServices;

namespace TierOperator.Tiering.Memory;

/// <summary>
/// The C library's heap, where memory's sessions live: outside the managed heap, so that what is resident follows what
/// is live instead of the collector's pace. Costs are what the allocator really takes, headers and rounding included.
/// </summary>
internal static unsafe partial class NativeHeap
{
    private const int ArenaMax = -8, MmapThreshold = -3, TrimThreshold = -1;

    /// <summary>
    /// One arena, so that what one thread frees another can use; large blocks mapped alone, so that they go back to the
    /// system at once. Elsewhere than glibc this does nothing, and resident memory follows a little less closely.
    /// </summary>
    public static void Configure()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetOption(ArenaMax, 1);
            _ = SetOption(MmapThreshold, 128 * 1024);
            _ = SetOption(TrimThreshold, 4 * 1024 * 1024);
        }
        catch (EntryPointNotFoundException)
        {
        }
    }

    /// <summary>Bytes that a block of this size takes: 8 of header, rounded to 16, at least 32.</summary>
    public static long CostOf(long size) => Math.Max(32, (size + 8 + 15) & ~15L);

    public static byte* Allocate(int size) => (byte*)NativeMemory.Alloc((nuint)size);

    public static void Free(void* block) => NativeMemory.Free(block);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetOption(int option, int value);
}
