using System.Text;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>Every command by its name. To add one: docs/redis-protocol.md has the checklist.</summary>
internal sealed class CommandTable
{
    private readonly Dictionary<byte[], Command> _byName = new(CommandNameComparer.Instance);
    private readonly Dictionary<Command, Dictionary<byte[], Command>> _subcommands = [];

    private CommandTable(IEnumerable<Command> commands)
    {
        foreach (var command in commands)
        {
            _byName[Encoding.ASCII.GetBytes(command.Name)] = command;
            if (command.Subcommands is null) continue;
            _subcommands[command] = command.Subcommands.ToDictionary(
                sub => Encoding.ASCII.GetBytes(sub.Name[(command.Name.Length + 1)..]), sub => sub, (IEqualityComparer<byte[]>)CommandNameComparer.Instance);
        }

        Get = Find("get");
        Set = Find("set");
        Watch = Find("watch");
    }

    /// <summary>The commands that have a short way.</summary>
    public Command Get { get; }
    public Command Set { get; }

    /// <summary>The one command that an open transaction refuses in words of its own.</summary>
    public Command Watch { get; }

    public IEnumerable<Command> All => _byName.Values;

    /// <summary>What is served: without a Redis tier, no command that only Redis has.</summary>
    public IEnumerable<Command> Served(bool withPassed) => _byName.Values.Where(command => withPassed || !command.IsPassed);

    public static CommandTable Create() => new([
        .. StringReads.Commands, .. StringWrites.Commands, .. ManyStrings.Commands, .. Counters.Commands, .. Bits.Commands,
        .. BitOperation.Commands, .. Bitfield.Commands, .. LongestCommonSubsequence.Commands,
        .. HashReads.Commands, .. HashWrites.Commands, .. HashPicks.Commands, .. HashScan.Commands,
        .. KeyRemovals.Commands, .. KeyMoves.Commands, .. Expiry.Commands, .. ObjectFacts.Commands, .. Dumps.Commands, .. Surveys.Commands,
        .. Basics.Commands, .. Hello.Commands, .. ClientCommands.Commands, .. CommandFacts.Commands, .. ConfigCommands.Commands,
        .. InfoCommand.Commands, .. Diagnostics.Commands, .. Transactions.Commands, .. Subscriptions.Commands, .. PassedCommands.Commands,
    ]);

    public Command? FindTop(ReadOnlySpan<byte> name)
        => _byName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var command) ? command : null;

    /// <summary>The command that the arguments name, a subcommand where there is one; null when there is none.</summary>
    public Command? Find(RespArguments arguments)
    {
        if (FindTop(arguments[0]) is not { } command) return null;
        if (command.Subcommands is null) return command;
        if (arguments.Count == 1 && command.Alone is { } alone) return command with { Subcommands = null, OnConnection = alone };
        return arguments.Count > 1 && _subcommands[command].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(arguments[1], out var sub) ? sub : null;
    }

    /// <summary>By its full name, a subcommand's after a bar.</summary>
    public Command? FindNamed(string name)
    {
        var parts = name.Split('|', 2);
        if (FindTop(Encoding.UTF8.GetBytes(parts[0])) is not { } command) return null;
        return parts.Length == 1 ? command
            : command.Subcommands is not null && _subcommands[command].TryGetValue(Encoding.UTF8.GetBytes(parts[1]), out var sub) ? sub : null;
    }

    /// <summary>For a command that only Redis has: what the policy would need.</summary>
    public static string NeedsRedisTier(RespArguments arguments)
        => $"ERR '{arguments.Text(0).ToLowerInvariant()}' works on {RedisOnly.TypeOf(arguments.Text(0))}, which only a Redis tier holds: declare tiers.redis in the policy";

    private Command Find(string name) => _byName[Encoding.ASCII.GetBytes(name)];
}

/// <summary>Names of commands, whatever their case.</summary>
internal sealed class CommandNameComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly CommandNameComparer Instance = new();

    public bool Equals(byte[]? x, byte[]? y) => x is not null && y is not null && Ascii.EqualsIgnoreCase(x, y);
    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => Ascii.EqualsIgnoreCase(alternate, other);
    public int GetHashCode(byte[] obj) => GetHashCode((ReadOnlySpan<byte>)obj);
    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = alternate.Length;
        foreach (var letter in alternate[..Math.Min(alternate.Length, 32)]) hash = (hash * 31) + (letter | 0x20);
        return hash;
    }
}
