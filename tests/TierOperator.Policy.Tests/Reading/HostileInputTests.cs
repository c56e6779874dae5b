using System.Diagnostics;
using System.Text;
using TierOperator.Policy.Tests.Golden;

namespace TierOperator.Policy.Tests.Reading;

/// <summary>No bytes crash or hang the loader; what it refuses it says why.</summary>
public class HostileInputTests
{
    private const int Mutants = 4000;

    /// <summary>Each takes well under a second of processor time; the rest is for machines that have other things to do.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(30);

    private static readonly string[] s_pieces =
    [
        "{", "}", "[", "]", ":", ": ", "- ", "*", "&a ", "*a", "!", "!!", "!!int ", "|", ">", "|+9\n", "%YAML 1.2\n", "%TAG ! ! \n", "---\n", "...\n", "\n", "\t", "\r",
        "\"", "'", "\"\\u\"", "\"\\UFFFFFFFF\"", "\"\\ud800\"", "\0", "\uFEFF", "? ", "#", "<<: ", "~", "null", "0x", ".inf", "1e999", "é", "\U0001F600", ",", "\\", "`", "@", "\u2028", "\u0085",
    ];

    [Fact]
    public void Load_MutatedDocuments_NeverThrowsAndAlwaysSaysWhy()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var corpus = Directory.GetFiles(Repository.Documents, "*.yaml", SearchOption.AllDirectories).Select(File.ReadAllBytes).ToArray();
        for (var round = 0; round < Mutants; round++)
        {
            var bytes = Mutate(corpus[random.Next(corpus.Length)], random);
            var result = Record(() => PolicyLoader.Load(bytes), $"seed {seed}, round {round}: {Convert.ToBase64String(bytes)}");

            Assert.True(result.IsValid == (result.Faults.Count == 0), $"seed {seed}, round {round}");
            Assert.All(result.Faults, fault => Assert.True(fault.Line >= 1 && fault.Column >= 1 && fault.Message.Length > 0 && fault.Help.Length > 0, $"seed {seed}, round {round}: {fault}"));
        }
    }

    public static TheoryData<string, string> Bombs => new()
    {
        { "open brackets", new string('[', 500_000) },
        { "open braces", string.Concat(Enumerable.Repeat("{a: ", 200_000)) },
        { "question marks", string.Concat(Enumerable.Repeat("? ", 300_000)) },
        { "dashes", string.Concat(Enumerable.Repeat("- ", 400_000)) },
        { "indentation", string.Concat(Enumerable.Range(0, 1200).Select(depth => new string(' ', depth) + "a:\n")) },
        { "keys", "spec:\n" + string.Concat(Enumerable.Range(0, 80_000).Select(number => $"  k{number}: 1\n")) },
        { "one long key", new string('k', 900_000) + ": 1" },
        { "one long text", "apiVersion: " + new string('v', 900_000) },
        { "quoted text without end", "apiVersion: \"" + new string('v', 900_000) },
        { "comments", string.Concat(Enumerable.Repeat("#\n", 400_000)) },
        { "anchors", string.Concat(Enumerable.Range(0, 40_000).Select(number => $"- &a{number} x\n")) },
        { "digits", "spec: {sync: {batch: " + new string('9', 900_000) + "}}" },
        { "duration", "spec: {sync: {interval: " + string.Concat(Enumerable.Repeat("1s", 400_000)) + "}}" },
        { "size", "spec: {sync: {maxBacklog: " + new string('9', 900_000) + "}}" },
        { "documents", string.Concat(Enumerable.Repeat("---\n", 200_000)) },
        { "tags", string.Concat(Enumerable.Repeat("!a ", 300_000)) },
        { "block text", "a: |\n" + string.Concat(Enumerable.Repeat(" x\n", 300_000)) },
        { "commas", "[" + new string(',', 900_000) },
        { "flow keys", "{" + string.Concat(Enumerable.Range(0, 60_000).Select(number => $"k{number}, ")) },
        { "faulty rules", "spec:\n  rules:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(_ => "  - {nam: 1}\n")) },
    };

    [Theory, MemberData(nameof(Bombs))]
    public void Load_Bomb_IsRefusedSoon(string name, string text)
    {
        var watch = Stopwatch.StartNew();

        var result = Record(() => PolicyLoader.Load(text), name);

        Assert.False(result.IsValid);
        Assert.True(watch.Elapsed < s_soon, $"{name} took {watch.Elapsed}");
    }

    /// <summary>Whether a rule can ever match is a question about all pairs of globs.</summary>
    [Fact]
    public void Load_ManyRulesOfManyGlobs_EndsSoon()
    {
        var rules = Enumerable.Range(0, 450).Select(rule => $"  - {{name: r{rule}, match: {{sessions: [{string.Join(", ", Enumerable.Range(0, 95).Select(glob => glob == 94 ? $"\"x{rule}\"" : $"\"*?a*{glob}*\""))}]}}}}\n");
        var watch = Stopwatch.StartNew();

        var result = PolicyLoader.Load("apiVersion: tieroperator.io/v1alpha1\nkind: TierPolicy\nmetadata: {name: a}\nspec:\n  tiers: {memory: {}}\n  rules:\n" + string.Concat(rules));

        Assert.Empty(result.Faults);
        Assert.True(watch.Elapsed < s_soon, $"took {watch.Elapsed}");
    }

    private static PolicyLoadResult Record(Func<PolicyLoadResult> load, string name)
    {
        try
        {
            return load();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"the loader threw on {name}", exception);
        }
    }

    private static byte[] Mutate(byte[] source, Random random)
    {
        var bytes = source.ToList();
        for (var count = random.Next(1, 6); count > 0; count--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, random.Next(Math.Min(20, bytes.Count - at + 1)));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count + 1)).Take(random.Next(60)).ToArray());
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(s_pieces[random.Next(s_pieces.Length)]));
                    break;
            }
        }

        return [.. bytes];
    }
}
