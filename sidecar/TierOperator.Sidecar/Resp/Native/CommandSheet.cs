namespace TierOperator.Sidecar.Resp.Native;

/// <summary>All commands of Redis 7.0, read once from the program's own copy of what its COMMAND tells.</summary>
internal sealed class CommandSheet
{
    private const string Resource = "TierOperator.Sidecar.commands-7.0.txt";
    private static readonly Lazy<CommandSheet> s_whole = new(Read);

    private readonly Dictionary<string, CommandFact> _byName;

    private CommandSheet(Dictionary<string, CommandFact> byName) => _byName = byName;

    public static CommandSheet Whole => s_whole.Value;

    /// <summary>Subcommands too, in the order of their names.</summary>
    public IEnumerable<CommandFact> All => _byName.Values;

    /// <summary>By its full name in small letters, a subcommand's after a bar.</summary>
    public CommandFact? Find(string name) => _byName.GetValueOrDefault(name);

    private static CommandSheet Read()
    {
        using var stream = typeof(CommandSheet).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"the resource {Resource} is missing");
        using var reader = new StreamReader(stream);
        var facts = new List<CommandFact>();
        while (reader.ReadLine() is { } line)
            if (line is not [] and not ['#', ..]) facts.Add(CommandFact.Parse(line));
        var children = facts.Where(fact => fact.Name.Contains('|', StringComparison.Ordinal)).ToLookup(fact => fact.Name[..fact.Name.IndexOf('|', StringComparison.Ordinal)]);
        return new CommandSheet(facts.ToDictionary(fact => fact.Name, fact => fact with { Subcommands = [.. children[fact.Name]] }, StringComparer.Ordinal));
    }
}
