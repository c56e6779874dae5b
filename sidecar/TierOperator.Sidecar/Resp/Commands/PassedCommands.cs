using TierOperator.Sidecar.Resp.Native;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>The commands that only Redis has, by what it tells of them.</summary>
internal static class PassedCommands
{
    public static IReadOnlyList<Command> Commands { get; } = [.. RedisOnly.Names.Order(StringComparer.Ordinal).Select(name => Of(CommandSheet.Whole.Find(name)!))];

    private static Command Of(CommandFact fact) => new(fact.Name, fact.Arity, FlagsOf(fact))
    {
        IsPassed = true,
        Subcommands = fact.Subcommands.Count == 0 ? null : [.. fact.Subcommands.Where(sub => !s_refused.Contains(sub.Name)).Select(Of)],
    };

    // The server is not this policy's alone: what acts on all of it is not passed on.
    private static readonly string[] s_refused = ["script|kill", "script|debug"];

    private static CommandFlags FlagsOf(CommandFact fact)
        => (fact.IsWrite ? CommandFlags.Write : CommandFlags.None) | (fact.Flags.Contains("readonly") ? CommandFlags.ReadOnly : CommandFlags.None);
}
