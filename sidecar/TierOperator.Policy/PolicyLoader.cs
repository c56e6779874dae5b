using System.Text;
using TierOperator.Policy.Compiling;
using TierOperator.Policy.Faults;
using TierOperator.Policy.Reading;
using TierOperator.Policy.Validation;

namespace TierOperator.Policy;

/// <summary>
/// The door of this project: text in, a policy to run or everything that is wrong with it out. Takes YAML, JSON and
/// snapshots alike. Never throws on any input; safe for any number of threads.
/// </summary>
public static class PolicyLoader
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Loads from the bytes of a file, UTF-8 with or without a byte order mark.</summary>
    public static PolicyLoadResult Load(ReadOnlySpan<byte> utf8, string? fileName = null)
    {
        if (utf8.Length > ReadLimits.MostBytes) return TooLarge(fileName);
        try
        {
            return Load(s_strict.GetString(utf8), fileName);
        }
        catch (DecoderFallbackException exception)
        {
            var at = PositionOf(utf8[..Math.Clamp(exception.Index, 0, utf8.Length)]);
            return Refuse(PolicyCodes.NotText, at, "the bytes are not UTF-8 text", "save the file as UTF-8", fileName);
        }
    }

    /// <summary>Loads from text.</summary>
    public static PolicyLoadResult Load(ReadOnlySpan<char> yaml, string? fileName = null) => Load(yaml.ToString(), fileName);

    /// <summary>
    /// 1. Refuse what is too large. 2. Compose the YAML tree. 3. Read it into the document. 4. Check the document, every
    /// rule. 5. Without faults, write the snapshot and compile.
    /// </summary>
    public static PolicyLoadResult Load(string yaml, string? fileName = null)
    {
        if (yaml.Length > ReadLimits.MostBytes || Encoding.UTF8.GetByteCount(yaml) is > ReadLimits.MostBytes) return TooLarge(fileName);
        var faults = new FaultCollector();
        var root = new YamlComposer(yaml.TrimStart('\uFEFF'), faults).Compose();
        var reader = new DocumentReader(faults);
        var document = root is null ? null : reader.Read(root);
        if (document is not null) PolicyValidator.Validate(document, reader.Places, faults);
        var result = new PolicyLoadResult { Document = document, FileName = fileName, Faults = faults.Faults, Warnings = faults.Warnings };
        if (document is null || faults.HasFaults) return result;
        var snapshot = CanonicalSnapshot.Write(document);
        return result with { Snapshot = snapshot, Policy = PolicyCompiler.Compile(document, snapshot) };
    }

    // Without its size: who reads a file stops when it is too large, and does not know it.
    private static PolicyLoadResult TooLarge(string? fileName) =>
        Refuse(PolicyCodes.TooLarge, new SourcePosition(1, 1), "the document is larger than 1 MiB", "split the policy: no ConfigMap could hold it", fileName);

    private static PolicyLoadResult Refuse(string code, SourcePosition at, string message, string help, string? fileName)
    {
        var faults = new FaultCollector();
        faults.Add(code, "", at, message, help);
        return new PolicyLoadResult { FileName = fileName, Faults = faults.Faults };
    }

    private static SourcePosition PositionOf(ReadOnlySpan<byte> before) =>
        new(before.Count((byte)'\n') + 1, before.Length - before.LastIndexOf((byte)'\n'));
}
