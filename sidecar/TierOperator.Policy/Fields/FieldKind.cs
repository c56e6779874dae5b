namespace TierOperator.Policy.Fields;

/// <summary>The type of a field's value.</summary>
public enum FieldKind
{
    Text, Integer, Boolean, Enumeration, Duration, Size,

    /// <summary>A count or a percentage such as <c>25%</c>.</summary>
    CountOrPercent,

    /// <summary>A text, number or boolean, kept as text.</summary>
    Scalar,

    /// <summary>Named fields.</summary>
    Object,
    List,

    /// <summary>Keys that the author chooses.</summary>
    Map,

    /// <summary>Kept as written, checked by whoever owns it (Kubernetes).</summary>
    Free,
}

/// <summary>What a change of a field costs.</summary>
public enum FieldEffect
{
    /// <summary>Taken over by a running sidecar.</summary>
    Live,

    /// <summary>Part of the pod: needs a new one.</summary>
    RestartBound,

    /// <summary>Less is taken over live; more needs a new pod.</summary>
    RestartBoundUpward,
}
