using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Sync;

/// <summary>
/// How far each shared tier has acknowledged the journal, on disk: what a start after a crash reads on from. An older mark than the
/// truth costs sending again what is there already, which versions make harmless.
/// </summary>
internal sealed class Shadow
{
    private const string FileName = "shadow.json";
    private readonly IDiskDoor _door;
    private readonly string _folder;
    private readonly Dictionary<string, JournalPosition> _marks = [];

    private Shadow(IDiskDoor door, string folder) => (_door, _folder) = (door, folder);

    public static Shadow Open(IDiskDoor door, string folder)
    {
        var shadow = new Shadow(door, folder);
        if (!door.List(folder).Any(file => file.Name == FileName)) return shadow;
        try
        {
            var marks = JsonSerializer.Deserialize<Dictionary<string, JournalPosition>>(DiskFile.ReadAll(door, Path.Combine(folder, FileName)));
            foreach (var (name, mark) in marks ?? []) shadow._marks[name] = mark;
        }
        catch (JsonException)
        {
            // Damaged: from the journal's beginning, as for a tier that is new.
        }

        return shadow;
    }

    /// <summary>From where on a tier has to hear; the journal's beginning for one that is new.</summary>
    public JournalPosition Of(TierSet tier) => _marks.GetValueOrDefault(SharedTiers.NameOf(tier));

    /// <summary>Writes the marks down where they have moved. A failure leaves the older ones, which is safe.</summary>
    public void Save(IReadOnlyDictionary<TierSet, JournalPosition> marks)
    {
        var moved = false;
        foreach (var (tier, mark) in marks)
        {
            var name = SharedTiers.NameOf(tier);
            if (_marks.TryGetValue(name, out var before) && before == mark) continue;
            _marks[name] = mark;
            moved = true;
        }

        if (moved) DiskFile.Publish(_door, _folder, FileName, JsonSerializer.SerializeToUtf8Bytes(_marks));
    }
}
