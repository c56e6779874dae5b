using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Policy;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.TestKit.Engine;

/// <summary>A real engine under a policy text and a clock of the test's own, in a folder that goes with it.</summary>
public sealed class EngineHarness : IAsyncDisposable
{
    private readonly bool _ownsFolder;

    public EngineHarness(string spec, string? folder = null, ManualTime? time = null, IDiskDoor? disk = null, bool withDisk = true)
    {
        _ownsFolder = folder is null && withDisk;
        Folder = folder ?? (withDisk ? Directory.CreateTempSubdirectory("tier-engine-").FullName : null);
        Time = time ?? new ManualTime();
        Engine = TierEngine.Open(
            new EngineOptions { DataFolder = Folder, Node = 1 }, PolicyOf(spec), Time, NullLoggerFactory.Instance, disk);
    }

    public TierEngine Engine { get; }
    public ManualTime Time { get; }
    public string? Folder { get; }

    /// <summary>Compiles a policy from the lines under <c>spec:</c> without the selector.</summary>
    public static CompiledPolicy PolicyOf(string spec)
    {
        var indented = string.Join('\n', spec.Split('\n').Select(line => "  " + line));
        var yaml = $"apiVersion: tieroperator.io/v1alpha1\nkind: TierPolicy\nmetadata: {{name: test}}\nspec:\n  selector: {{matchLabels: {{app: test}}}}\n{indented}\n";
        var result = PolicyLoader.Load(yaml, "test");
        return result.Policy ?? throw new InvalidOperationException(string.Join("; ", result.Faults.Select(fault => fault.ToString())));
    }

    public static ReadOnlyMemory<byte> Key(string text) => Encoding.UTF8.GetBytes(text);

    public ValueTask<WriteOutcome> PutAsync(string session, string item, string value, WriteOptions options = default)
        => PutAsync(session, item, Encoding.UTF8.GetBytes(value), options);

    public ValueTask<WriteOutcome> PutAsync(string session, string item, byte[] value, WriteOptions options = default)
        => Engine.PutAsync(Key(session), new ItemWrite(Key(item), "text/plain", ItemValue.From(value)), options, CancellationToken.None);

    /// <summary>The value as text with the tier that it came from; null when there is none.</summary>
    public async ValueTask<(string Value, TierSet Source)?> GetAsync(string session, string item)
    {
        var outcome = await Engine.ReadAsync(Key(session), Key(item), CancellationToken.None);
        if (outcome.Status != ReadStatus.Found) return null;
        var text = Encoding.UTF8.GetString(outcome.Value.ToArray());
        outcome.Value.Release();
        return (text, outcome.Source);
    }

    public async ValueTask<string?> ValueAsync(string session, string item) => (await GetAsync(session, item))?.Value;

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        if (_ownsFolder) Directory.Delete(Folder!, recursive: true);
    }
}
