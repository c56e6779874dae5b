using System.Globalization;
using Microsoft.Extensions.Primitives;
using TierOperator.Sidecar.HttpCache.Rules;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>Where a stored response's body is.</summary>
internal enum BodyPlace : byte
{
    /// <summary>In the same item, behind the head.</summary>
    Inline = 0,

    /// <summary>In items of the same session, in chunks.</summary>
    Items = 1,

    /// <summary>In a session of its own, which lives on disk alone.</summary>
    Apart = 2,
}

/// <summary>A field as it is stored; its name is one of the server's own strings where it has one, so that comparing is cheap.</summary>
internal readonly record struct StoredField(string Name, StringValues Value);

/// <summary>The head of a stored response: immutable, shared by all hits on it.</summary>
internal sealed record StoredResponse
{
    private SecondsText _texts = new(-1, "", "");

    public required int Status { get; init; }
    public required StoredField[] Fields { get; init; }
    public required Freshness Freshness { get; init; }

    /// <summary>When the origin was asked for it, Unix milliseconds: a purge after that takes it.</summary>
    public required long AskedMs { get; init; }
    public required BodyPlace Place { get; init; }
    public required long BodyLength { get; init; }

    /// <summary>The key of the body's session, for <see cref="BodyPlace.Apart"/>.</summary>
    public byte[] BodyKey { get; init; } = [];
    public string[] Tags { get; init; } = [];

    public string? ETag => Field("ETag");
    public string? LastModified => Field("Last-Modified");
    public bool HasValidator => ETag is not null || LastModified is not null;

    public string? Field(string name)
    {
        foreach (var field in Fields)
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return field.Value.ToString();
        return null;
    }

    /// <summary>Age and Cache-Status of a hit. They change once a second, and many hits come within one.</summary>
    public (string Age, string Status) TextsAt(long nowMs)
    {
        var age = Freshness.AgeMs(nowMs) / 1000;
        var texts = _texts;
        if (texts.Age != age) _texts = texts = SecondsText.Of(age, (Freshness.LifetimeMs / 1000) - age);
        return (texts.AgeText, texts.StatusText);
    }

    private sealed record SecondsText(long Age, string AgeText, string StatusText)
    {
        public static SecondsText Of(long age, long ttl) => new(
            age,
            Math.Min(age, DeltaSeconds.Most).ToString(CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"tier; hit; ttl={ttl}"));
    }
}

/// <summary>
/// What stands under a URL whose answers vary: by which fields of the request, and the generation of its variants. A
/// variant's key holds the generation, so that with the marker all its variants are gone at once.
/// </summary>
internal sealed record VaryMarker(string[] Fields, long Generation);
