namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>One line of the matrix: a tier, what happens to it, and what the rule says.</summary>
internal sealed record MatrixCase(string Tier, string Fault, string Write, string OnFailure)
{
    public bool IsRedis => Tier == "Redis";
    public bool IsThrough => Write == "Through";
    public bool Degrades => OnFailure == "Degrade";

    /// <summary>What a write may be answered with while the fault lasts.</summary>
    public string[] Writes(FaultEffect effect)
    {
        var refused = Degrades ? "202" : "503";
        return (IsThrough, effect) switch
        {
            (false, _) => ["204"],
            (true, FaultEffect.Forgets) => ["204"],
            (true, FaultEffect.ComesAndGoes) => ["204", refused],
            _ => [refused],
        };
    }

    /// <summary>What a read of a session may be answered with that only this tier could have.</summary>
    public string[] Reads(FaultEffect effect)
    {
        var unknown = Degrades ? "404 with Tier-Unavailable" : "503";
        return effect switch
        {
            FaultEffect.Away => [unknown],
            FaultEffect.ComesAndGoes => ["404", unknown],
            _ => ["404"],
        };
    }

    /// <summary>What a conditional write may be answered with: it is decided in the tier.</summary>
    public static string[] Conditions(FaultEffect effect) => effect switch
    {
        FaultEffect.Forgets => ["201"],
        FaultEffect.ComesAndGoes => ["201", "503"],
        _ => ["503"],
    };
}
