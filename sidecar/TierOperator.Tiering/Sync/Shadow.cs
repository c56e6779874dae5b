using System.Text.Json;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;

namespace TierOperator.Tiering.Sync;

/// <summary>How far one tier has acknowledged the journal.</summary>
/// <param name="Position">Up to here it has everything.</param>
/// <param name="ResentBelow">
/// While the tier gets back what it lost: what is older than this and further ahead in the journal is no news, and others may have written since. None otherwise.
/// </param>
internal readonly record struct ShadowMark(JournalPosition Position, ItemVersion ResentBelow)
{
    /// <summary>Which life of the tier's servers this is about; null where that is not known.</summary>
    public string? Incarnation { get; init; }

    /// <summary>The sidecar's node in that run, as its versions have it; 0 where that is not known.</summary>
    public uint Node { get; init; }

    /// <summary>About when that was, Unix milliseconds: within a second of the run's last change.</summary>
    public long SavedMs { get; init; }
}

/// <summary>
/// How far each shared tier has acknowledged the journal, on disk: what a start after a crash reads on from. An older mark than the
/// truth costs sending again what is there already, which versions make harmless.
/// </summary>
internal sealed class Shadow
{
    private const string FileName = "shadow.json";
    private readonly IDiskDoor _door;
    private readonly string _folder;
    private readonly Dictionary<string, Entry> _marks = [];

    private Shadow(IDiskDoor door, string folder) => (_door, _folder) = (door, folder);

    public static Shadow Open(IDiskDoor door, string folder)
    {
        var shadow = new Shadow(door, folder);
        if (!door.List(folder).Any(file => file.Name == FileName)) return shadow;
        try
        {
            var marks = JsonSerializer.Deserialize<Dictionary<string, Entry>>(DiskFile.ReadAll(door, Path.Combine(folder, FileName)));
            foreach (var (name, mark) in marks ?? []) shadow._marks[name] = mark;
        }
        catch (JsonException)
        {
            // Damaged: from the journal's beginning, as for a tier that is new.
        }

        return shadow;
    }

    /// <summary>From where on a tier has to hear; the journal's beginning for one that is new.</summary>
    public ShadowMark Of(TierSet tier) => _marks.GetValueOrDefault(SharedTiers.NameOf(tier))?.ToMark() ?? default;

    /// <summary>Writes the marks down where they have moved. A failure leaves the older ones, which is safe.</summary>
    public void Save(IReadOnlyDictionary<TierSet, ShadowMark> marks)
    {
        var moved = false;
        foreach (var (tier, mark) in marks)
        {
            var (name, entry) = (SharedTiers.NameOf(tier), Entry.Of(mark));
            if (_marks.TryGetValue(name, out var before) && before == entry with { SavedMs = before.SavedMs }) continue;
            _marks[name] = entry;
            moved = true;
        }

        if (moved) DiskFile.Publish(_door, _folder, FileName, JsonSerializer.SerializeToUtf8Bytes(_marks));
    }

    /// <summary>As it stands in the file. What an older file lacks is zero.</summary>
    private sealed record Entry(long Order, long Offset, long Epoch, ulong ResentStamp, uint ResentNode, string? Incarnation, uint Node, long SavedMs)
    {
        public static Entry Of(in ShadowMark mark) => new(mark.Position.Order, mark.Position.Offset, mark.Position.Epoch, mark.ResentBelow.Stamp, mark.ResentBelow.Node, mark.Incarnation, mark.Node, mark.SavedMs);

        public ShadowMark ToMark() => new(new JournalPosition(Order, Offset) { Epoch = Epoch }, new ItemVersion(ResentStamp, ResentNode)) { Incarnation = Incarnation, Node = Node, SavedMs = SavedMs };
    }
}
