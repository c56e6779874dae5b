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
}

/// <summary>
/// How far each shared tier has acknowledged the journal, on disk: what a start after a crash reads on from. An older mark than the
/// truth costs sending again what is there already, which versions make harmless.
/// </summary>
internal sealed class Shadow
{
    private const string FileName = "shadow.json";

    /// <summary>Ends of runs that are remembered: what one of them left is told when its session is read.</summary>
    private const int MostRuns = 16;

    /// <summary>Nodes that are remembered: a version of any of them is this sidecar's own, and may stand in a tier for long.</summary>
    private const int MostNodes = 256;

    /// <summary>A tier's answer and the disk's are that close together.</summary>
    private const long WindowMs = 60_000;

    private readonly IDiskDoor _door;
    private readonly string _folder;
    private readonly uint _node;
    private readonly Dictionary<string, Entry> _marks = [];
    private readonly List<LastRun> _runs = [];
    private readonly List<uint> _nodes = [];
    private bool _isOurs;

    private Shadow(IDiskDoor door, string folder, uint node) => (_door, _folder, _node) = (door, folder, node);

    /// <param name="door">The disk.</param>
    /// <param name="folder">The data folder.</param>
    /// <param name="node">The present run's node, as its versions have it.</param>
    /// <param name="nowMs">When that begins, Unix milliseconds.</param>
    public static Shadow Open(IDiskDoor door, string folder, uint node, long nowMs)
    {
        var shadow = new Shadow(door, folder, node);
        if (!door.List(folder).Any(file => file.Name == FileName)) return shadow;
        try
        {
            if (JsonSerializer.Deserialize<Content>(DiskFile.ReadAll(door, Path.Combine(folder, FileName))) is { Marks: { } marks, Runs: { } runs } content)
                shadow.Take(marks, [.. runs, new LastRun(content.Node, content.SavedMs - WindowMs, nowMs)], [.. content.Nodes ?? runs.Select(static run => run.Node), content.Node]);
        }
        catch (JsonException)
        {
            // Damaged: from the journal's beginning, as for a tier that is new.
        }

        return shadow;
    }

    /// <summary>The runs before.</summary>
    public LastRuns LastRuns => new(_runs, _nodes);

    /// <summary>From where on a tier has to hear; the journal's beginning for one that is new.</summary>
    public ShadowMark Of(TierSet tier) => _marks.GetValueOrDefault(SharedTiers.NameOf(tier))?.ToMark() ?? default;

    /// <summary>Writes the marks down where they have moved. A failure leaves the older ones, which is safe.</summary>
    public void Save(IReadOnlyDictionary<TierSet, ShadowMark> marks, long nowMs)
    {
        var isNews = !_isOurs;
        foreach (var (tier, mark) in marks)
        {
            var (name, entry) = (SharedTiers.NameOf(tier), Entry.Of(mark));
            if (_marks.TryGetValue(name, out var before) && before == entry) continue;
            _marks[name] = entry;
            isNews = true;
        }

        if (!isNews) return;
        _isOurs = false; // until it stands there
        DiskFile.Publish(_door, _folder, FileName, JsonSerializer.SerializeToUtf8Bytes(new Content(_node, nowMs, _marks, _runs) { Nodes = _nodes }));
        _isOurs = true;
    }

    private void Take(Dictionary<string, Entry> marks, IReadOnlyList<LastRun> runs, IReadOnlyList<uint> nodes)
    {
        foreach (var (name, mark) in marks) _marks[name] = mark;
        _runs.AddRange(runs.TakeLast(MostRuns));
        _nodes.AddRange(nodes.Distinct().TakeLast(MostNodes));
    }

    /// <summary>The file.</summary>
    /// <param name="Node">The node of the run that wrote it.</param>
    /// <param name="SavedMs">About when, Unix milliseconds: within a second of the run's last change.</param>
    /// <param name="Marks">By the tier's name.</param>
    /// <param name="Runs">Those before it.</param>
    private sealed record Content(uint Node, long SavedMs, Dictionary<string, Entry> Marks, IReadOnlyList<LastRun> Runs)
    {
        /// <summary>The nodes of these and of more before them.</summary>
        public IReadOnlyList<uint>? Nodes { get; init; }
    }

    /// <summary>A mark as it stands in the file.</summary>
    private sealed record Entry(long Order, long Offset, long Epoch, ulong ResentStamp, uint ResentNode, string? Incarnation)
    {
        public static Entry Of(in ShadowMark mark) => new(mark.Position.Order, mark.Position.Offset, mark.Position.Epoch, mark.ResentBelow.Stamp, mark.ResentBelow.Node, mark.Incarnation);

        public ShadowMark ToMark() => new(new JournalPosition(Order, Offset) { Epoch = Epoch }, new ItemVersion(ResentStamp, ResentNode)) { Incarnation = Incarnation };
    }
}
