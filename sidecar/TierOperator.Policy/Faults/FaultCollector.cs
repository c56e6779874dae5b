namespace TierOperator.Policy.Faults;

/// <summary>Gathers what is found, up to a bound: past it, more of the same helps nobody and costs memory.</summary>
internal sealed class FaultCollector
{
    /// <summary>The most faults, and the most warnings, that one document can have.</summary>
    public const int Most = 1000;

    private readonly List<PolicyFault> _faults = [];
    private readonly List<PolicyFault> _warnings = [];

    public bool HasFaults => _faults.Count > 0;

    /// <summary>The faults in the order of the document.</summary>
    public IReadOnlyList<PolicyFault> Faults => Sorted(_faults);

    /// <summary>The warnings in the order of the document.</summary>
    public IReadOnlyList<PolicyFault> Warnings => Sorted(_warnings);

    /// <summary>Adds a fault, or a warning: the code says which.</summary>
    public void Add(string code, string path, SourcePosition at, string message, string help)
    {
        var severity = PolicyCodes.SeverityOf(code);
        var list = severity == PolicySeverity.Fault ? _faults : _warnings;
        if (list.Count < Most) list.Add(new PolicyFault(code, severity, path, at.Line, at.Column, message, help));
    }

    /// <summary>True when a fault stands at the path or below it, so that a rule over it would only repeat it.</summary>
    public bool IsBroken(string path)
    {
        foreach (var fault in _faults)
            if (fault.Path.Length == 0 || (fault.Path.StartsWith(path, StringComparison.Ordinal)
                && (fault.Path.Length == path.Length || fault.Path[path.Length] is '.' or '[' or '{')))
                return true;
        return false;
    }

    private static IReadOnlyList<PolicyFault> Sorted(List<PolicyFault> faults) =>
        [.. faults.OrderBy(fault => fault.Line).ThenBy(fault => fault.Column).ThenBy(fault => fault.Code, StringComparer.Ordinal)];
}

/// <summary>A place in the text, both counted from 1; default where there is no text.</summary>
internal readonly record struct SourcePosition(int Line, int Column);
