using TierOperator.Policy.Fields;
using TierOperator.Policy.Values;

namespace TierOperator.Policy.Documents;

/// <summary>The sidecar's container.</summary>
public sealed record SidecarDocument
{
    [Field("Requests and limits of the container.", DefaultNote = "derived from the tiers' capacities", RestartBound = true)]
    public ResourcesDocument? Resources { get; init; }

    [Field("The ports that the sidecar listens on.", Default = "{}", RestartBound = true)]
    public PortsDocument? Ports { get; init; }

    [Field("The least severe message that is logged.", Default = "Information")]
    public LogLevelName? LogLevel { get; init; }
}

/// <summary>Kubernetes' resource requirements.</summary>
public sealed record ResourcesDocument
{
    private const string QuantityPattern = "^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(m|Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E|[eE][+-]?[0-9]+)?$";

    [Field("What the scheduler sets aside.")]
    public ResourceListDocument? Requests { get; init; }

    [Field("What the container may take at most.")]
    public ResourceListDocument? Limits { get; init; }

    /// <summary>Amounts by resource.</summary>
    public sealed record ResourceListDocument
    {
        [Field("Processor time, such as `250m`.", Pattern = QuantityPattern, PatternHint = "a Kubernetes quantity such as 250m or 1")]
        public ScalarText? Cpu { get; init; }

        [Field("Memory, such as `512Mi`.", Min = "1Mi")]
        public Quantity? Memory { get; init; }
    }
}

/// <summary>The ports that the sidecar listens on.</summary>
public sealed record PortsDocument
{
    [Field("HTTP API and proxy, on the loopback. 0 takes a free one.", Default = "7070", Min = "0", Max = "65535")]
    public int? Api { get; init; }

    [Field("Metrics, health and status.", Default = "7071", Min = "0", Max = "65535")]
    public int? Admin { get; init; }

    [Field("The Redis protocol, on the loopback.", Default = "7379", Min = "0", Max = "65535")]
    public int? Resp { get; init; }
}
