using System.Globalization;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>What Redis 7.0 tells of a command; a subcommand's name holds a bar.</summary>
internal sealed record CommandFact
{
    public required string Name { get; init; }
    public int Arity { get; init; }
    public (int First, int Last, int Step) Keys { get; init; }
    public required IReadOnlyList<string> Flags { get; init; }
    public required IReadOnlyList<string> Categories { get; init; }
    public required IReadOnlyList<string> Tips { get; init; }
    public required IReadOnlyList<KeySpecification> Specifications { get; init; }
    public IReadOnlyList<CommandFact> Subcommands { get; init; } = [];

    public bool IsWrite => Flags.Contains("write");
    public bool Blocks => Flags.Contains("blocking");

    public static CommandFact Parse(string line)
    {
        var words = line.Split(' ');
        return new CommandFact
        {
            Name = words[0], Arity = Number(words[1]), Keys = (Number(words[2]), Number(words[3]), Number(words[4])),
            Flags = List(words[5]), Categories = List(words[6]), Tips = List(words[7]),
            Specifications = [.. words[8..].Select(KeySpecification.Parse)],
        };
    }

    private static string[] List(string word) => word == "-" ? [] : word.Split(',');

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
