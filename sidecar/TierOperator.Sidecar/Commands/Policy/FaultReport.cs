using TierOperator.Policy.Faults;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>Writes faults as compilers do: where, what, the line with a caret under it, and what to write instead.</summary>
internal sealed class FaultReport(TextWriter output, TerminalStyle style)
{
    /// <summary>A longer line is cut around the fault: nobody's terminal shows a JSON document in one line.</summary>
    private const int MostColumns = 160;

    /// <summary>Writes all that is wrong with a file, then one line that sums it up.</summary>
    public void Write(PolicyFile file)
    {
        var (faults, warnings) = (file.Result.Faults, file.Result.Warnings);
        foreach (var fault in faults.Concat(warnings).OrderBy(fault => fault.Line).ThenBy(fault => fault.Column)) Write(file, fault);
        var counts = string.Join(", ", new[] { Count(faults.Count, "fault"), Count(warnings.Count, "warning") }.OfType<string>());
        var state = file.Result.Policy is { } policy ? $"{style.Green("ok")}, revision {policy.Revision[..12]}{(counts.Length > 0 ? ", " : "")}" : "";
        output.WriteLine($"{file.Name}: {state}{counts}");
    }

    private static string? Count(int count, string of) => count == 0 ? null : $"{count} {of}{(count == 1 ? "" : "s")}";

    private void Write(PolicyFile file, PolicyFault fault)
    {
        var isFault = fault.Severity == PolicySeverity.Fault;
        var kind = isFault ? style.Red($"error[{fault.Code}]") : style.Yellow($"warning[{fault.Code}]");
        output.WriteLine($"{kind}{style.Bold($": {fault.Message}")}");
        var number = $"{fault.Line}";
        var margin = new string(' ', number.Length);
        output.WriteLine($"{margin} {style.Blue("-->")} {file.Name}:{fault.Line}:{fault.Column}{(fault.Path.Length > 0 ? $" ({fault.Path})" : "")}");
        if (fault.Line >= 1 && fault.Line <= file.Lines.Length) WriteSource(file.Lines[fault.Line - 1], fault, number, margin, isFault);
        output.WriteLine($"{margin} {style.Blue("=")} help: {fault.Help}");
        output.WriteLine();
    }

    private void WriteSource(string line, PolicyFault fault, string number, string margin, bool isFault)
    {
        line = line.TrimEnd('\r', ' ');
        var start = Math.Clamp(fault.Column - 1, 0, line.Length);
        var cut = Math.Max(0, start - MostColumns / 2);
        var shown = line[cut..Math.Min(line.Length, cut + MostColumns)];
        // Control characters of the file must not reach the terminal, and a tab would put the caret elsewhere.
        shown = string.Concat(shown.Select(character => char.IsControl(character) ? ' ' : character));
        var caret = new string('^', LengthOf(shown.AsSpan(Math.Min(start - cut, shown.Length))));
        output.WriteLine($"{margin} {style.Blue("|")}");
        output.WriteLine($"{style.Blue(number)} {style.Blue("|")} {shown}");
        output.WriteLine($"{margin} {style.Blue("|")} {new string(' ', start - cut)}{(isFault ? style.Red(caret) : style.Yellow(caret))}");
    }

    /// <summary>The word at the fault: to its closing quote, or to what cannot belong to it.</summary>
    private static int LengthOf(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return 1;
        if (text[0] is '"' or '\'') return text[1..].IndexOf(text[0]) is >= 0 and var close ? close + 2 : text.Length;
        var end = text.IndexOfAny(" ,:]}");
        return Math.Max(1, end < 0 ? text.Length : end);
    }
}
