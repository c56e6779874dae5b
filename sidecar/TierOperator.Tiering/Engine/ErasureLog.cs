using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Engine;

/// <summary>
/// Whom was erased and when, in the data folder: a restore leaves out what is older. Subjects stand in it as their SHA-256, for the list
/// must not tell whom it is about.
/// </summary>
/// <remarks>Thread-safe. Bounded: past its limit the oldest goes, which is older than any checkpoint that is kept by then.</remarks>
internal sealed class ErasureLog
{
    private const string FileName = "erasures.json";
    private const int Limit = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ulong> _erased = [];
    private readonly IDiskDoor _door;
    private readonly string _folder;

    public ErasureLog(IDiskDoor door, string folder)
    {
        (_door, _folder) = (door, folder);
        if (!door.List(folder).Any(static file => file.Name == FileName)) return;
        foreach (var (subject, stamp) in JsonSerializer.Deserialize<Dictionary<string, ulong>>(DiskFile.ReadAll(door, Path.Combine(folder, FileName))) ?? []) _erased[subject] = stamp;
    }

    /// <exception cref="IOException">The disk did not take it: nothing may be called erased then.</exception>
    public void Add(string subject, ItemVersion version)
    {
        lock (_gate)
        {
            _erased[HashOf(subject)] = version.Stamp;
            if (_erased.Count > Limit) _erased.Remove(_erased.MinBy(static entry => entry.Value).Key);
            DiskFile.Publish(_door, _folder, FileName, JsonSerializer.SerializeToUtf8Bytes(_erased));
        }
    }

    /// <summary>Whether what was written then about a subject has been erased since.</summary>
    public bool Covers(string? subject, ItemVersion written)
    {
        if (subject is null) return false;
        lock (_gate) return _erased.TryGetValue(HashOf(subject), out var erased) && written.Stamp < erased;
    }

    private static string HashOf(string subject) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subject)));
}
