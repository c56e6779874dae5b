using TierOperator.TestKit.Http;

namespace TierOperator.Sidecar.Tests.HttpCache;

/// <summary>Where an answer must come from.</summary>
public enum From
{
    Anywhere,

    /// <summary>The cache, with no word to the origin.</summary>
    Cache,

    /// <summary>The origin, asked without conditions of the cache's own.</summary>
    Origin,

    /// <summary>The origin, asked whether the stored response is still good.</summary>
    Validation,
}

/// <summary>One request of a row: what is asked, what the origin would answer, and what must come of it.</summary>
public sealed record CacheStep
{
    public string Method { get; init; } = "GET";
    public string[] Asked { get; init; } = [];

    /// <summary>A path that is added to the row's.</summary>
    public string More { get; init; } = "";
    public OriginReply Reply { get; init; } = new();

    /// <summary>Seconds that pass before it.</summary>
    public int After { get; init; }
    public From From { get; init; }
    public int? Status { get; init; }

    /// <summary>Fields that the answer must have, as <c>Name: value</c> or <c>Name</c> alone, and must not have.</summary>
    public string[] Has { get; init; } = [];
    public string[] Lacks { get; init; } = [];
    public string? Body { get; init; }
}

/// <summary>A requirement: the specification's section, what it says, and the exchange that shows it.</summary>
public sealed record CacheRow(string Section, string Says, params CacheStep[] Steps)
{
    public override string ToString() => $"{Section}: {Says}";
}
