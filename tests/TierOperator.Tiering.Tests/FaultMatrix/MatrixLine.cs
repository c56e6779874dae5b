using System.Globalization;

namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>What a case came to, as a line of the page's table. The last cells are measured and differ from run to run.</summary>
internal sealed record MatrixLine(MatrixCase Case, FaultEffect Effect, TimeSpan Longest, TimeSpan WhenKnown, TimeSpan Healed)
{
    public const string Head = "| tier | what happens | rule | a write gets | a read of what is not here gets | a conditional write gets | lost | longest wait | once known | healed after |\n|---|---|---|---|---|---|---|---|---|---|";

    /// <summary>What was not as it should be; null when all was.</summary>
    public string? Fault { get; init; }

    /// <summary>The cells that every run must tell alike.</summary>
    public string Stable => $"| {Case.Tier} | {Case.Fault} | {Case.Write}, {Case.OnFailure} | {Words(Case.Writes(Effect))} | {Words(Case.Reads(Effect))} | {Words(MatrixCase.Conditions(Effect))} | nothing |";

    public override string ToString()
        => string.Create(CultureInfo.InvariantCulture, $"{Stable} {Longest.TotalMilliseconds:0} ms | {WhenKnown.TotalMilliseconds:0.0} ms | {Healed.TotalSeconds:0.0} s |");

    private static string Words(string[] answers) => string.Join(" or ", answers);
}
