using System.Text;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>How a reply is compared with the real one.</summary>
internal enum Comparison { Exact, Unordered, UnorderedPairs, TypeOnly }

/// <summary>One line of a script: a command as redis-cli takes it, and how its reply is compared.</summary>
internal sealed record ScriptLine(int Number, string Text, string[] Arguments, Comparison Comparison);

/// <summary>
/// Scripts of commands, one a line, under Resp/Scripts. A leading <c>~</c> compares whatever the order, <c>~~</c> the order of
/// pairs, <c>?</c> only the type; <c>#</c> starts a comment.
/// </summary>
internal static class CommandScript
{
    private static readonly string s_folder = Repository.PathOf("tests/TierOperator.Sidecar.Tests/Resp/Scripts");

    public static IEnumerable<string> Names => Directory.EnumerateFiles(s_folder, "*.txt").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!;

    /// <summary>Scripts for what only a Redis tier holds.</summary>
    public static IEnumerable<string> NativeNames
        => Directory.EnumerateFiles(Path.Combine(s_folder, "Native"), "*.txt").Select(file => "Native/" + Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    /// <summary>Runs a script against both; the lines whose replies differ.</summary>
    public static Task<IReadOnlyList<string>> CompareAsync(string script, RespClient theirs, RespClient ours)
        => CompareAsync(script, theirs, ours, static _ => true, static _ => Task.CompletedTask);

    /// <summary>The lines that are chosen, with something done after each.</summary>
    public static async Task<IReadOnlyList<string>> CompareAsync(string script, RespClient theirs, RespClient ours, Func<ScriptLine, bool> isChosen, Func<ScriptLine, Task> afterEach)
    {
        var differences = new List<string>();
        foreach (var line in Read(script).Where(isChosen))
        {
            var (wanted, got) = (await theirs.CallAsync(line.Arguments), await ours.CallAsync(line.Arguments));
            if (Shown(wanted, line.Comparison) != Shown(got, line.Comparison)) differences.Add($"{script}:{line.Number}: {line.Text}\n    redis   {wanted}\n    sidecar {got}");
            await afterEach(line);
        }

        return differences;
    }

    private static string Shown(string reply, Comparison comparison) => comparison switch
    {
        Comparison.Unordered => ReplyText.Sorted(reply, isPairs: false),
        Comparison.UnorderedPairs => ReplyText.Sorted(reply, isPairs: true),
        Comparison.TypeOnly => reply[..1],
        _ => reply,
    };

    public static IEnumerable<ScriptLine> Read(string name)
    {
        var number = 0;
        foreach (var line in File.ReadLines(Path.Combine(s_folder, name + ".txt")))
        {
            number++;
            if (line.Length == 0 || line[0] == '#') continue;
            var (comparison, command) = line switch
            {
                ['~', '~', .. var rest] => (Comparison.UnorderedPairs, rest),
                ['~', .. var rest] => (Comparison.Unordered, rest),
                ['?', .. var rest] => (Comparison.TypeOnly, rest),
                _ => (Comparison.Exact, line),
            };
            yield return new ScriptLine(number, line, [.. Split(command)], comparison);
        }
    }

    private static IEnumerable<string> Split(string line)
    {
        for (var at = 0; at < line.Length;)
        {
            if (line[at] == ' ')
            {
                at++;
                continue;
            }

            var argument = new StringBuilder();
            if (line[at] != '"')
            {
                while (at < line.Length && line[at] != ' ') argument.Append(line[at++]);
            }
            else
            {
                for (at++; line[at] != '"'; at++) argument.Append(line[at] == '\\' ? Unescape(line, ref at) : line[at]);
                at++;
            }

            yield return argument.ToString();
        }
    }

    private static char Unescape(string line, ref int at)
    {
        at++;
        if (line[at] != 'x') return line[at] switch { 'n' => '\n', 'r' => '\r', var other => other };
        var value = (char)Convert.ToByte(line.Substring(at + 1, 2), 16);
        at += 2;
        return value;
    }
}
