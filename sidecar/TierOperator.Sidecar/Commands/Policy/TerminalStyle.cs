namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>Colours on a terminal, nothing elsewhere. Source: no-color.org for the variable.</summary>
internal sealed class TerminalStyle(bool isOn)
{
    /// <summary>On where the writer is the console and the console a terminal that was not asked to be plain.</summary>
    public static TerminalStyle For(TextWriter output) => new(
        ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb");

    public string Red(string text) => Paint(text, "1;31");

    public string Yellow(string text) => Paint(text, "1;33");

    public string Green(string text) => Paint(text, "1;32");

    public string Blue(string text) => Paint(text, "1;34");

    public string Bold(string text) => Paint(text, "1");

    private string Paint(string text, string code) => isOn ? $"\e[{code}m{text}\e[0m" : text;
}
