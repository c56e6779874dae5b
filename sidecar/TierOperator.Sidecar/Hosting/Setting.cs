namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// One setting of <c>tier run</c>. It is given by flag, else by environment variable, else by the policy where that has it,
/// else it is the default.
/// </summary>
internal sealed record Setting(string Name, string? Default, string Help)
{
    public string Flag => "--" + Name;

    public string Variable => "TIER_" + Name.ToUpperInvariant().Replace('-', '_');

    /// <summary>May be given several times by flag, and comma-separated in the variable.</summary>
    public bool Many { get; init; }
}
