using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.TestKit;
using TierOperator.TestKit.Engine;
using TierOperator.TestKit.Model;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Torture;

/// <summary>
/// Performs operations on a real engine and asks an oracle about each answer. The clock is set, never advanced, and sweeps
/// are operations of their own: so a run that fails fails again.
/// </summary>
public sealed partial class ModelRun : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly ModelProfile _profile;
    private readonly SessionOracle[] _oracles;
    private readonly ModelTimes _times;
    private readonly ManualTime _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("tier-model-").FullName;
    private readonly byte[] _buffer = new byte[ItemValue.LargeFrom];
    private EngineHarness _harness;
    private CompiledPolicy _policy;
    private int _variant;
    private int _fillers;
    private ItemVersion _newest;

    private ModelRun(ModelProfile profile)
    {
        _profile = profile;
        _times = profile.Times();
        _oracles = [.. Enumerable.Range(0, OperationGenerator.Sessions).Select(_ => new SessionOracle(_times))];
        _harness = Open();
        _policy = _harness.Engine.Policy;
    }

    /// <summary>Null when every answer agrees; else what did not.</summary>
    public static async Task<string?> FailureOfAsync(ModelProfile profile, IReadOnlyList<ModelOperation> operations)
    {
        var run = new ModelRun(profile);
        for (var i = 0; i < operations.Count; i++)
        {
            var operation = operations[i];
            var performing = Task.Run(() => run.PerformAsync(operation));
            // What hangs cannot be closed either: it is left behind.
            if (await Task.WhenAny(performing, Task.Delay(s_patience)) != performing) return $"operation {i} ({operation}): no answer after {s_patience}";
            if (await performing is not { } failure) continue;
            await run.DisposeAsync();
            return $"operation {i} ({operation}): {failure}";
        }

        var last = await run.ReadAllAsync();
        await run.DisposeAsync();
        return last;
    }

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private TierEngine Engine => _harness.Engine;
    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private EngineHarness Open() => new(_profile.Specs[_variant], _profile.HasDisk ? _folder : null, _time, withDisk: _profile.HasDisk);

    private static ReadOnlyMemory<byte> SessionKey(int session) => EngineHarness.Key($"session-{session}");
    private static ReadOnlyMemory<byte> ItemKey(int item) => EngineHarness.Key(ItemName(item));
    private static string ItemName(int item) => $"item-{item}";

    private async Task<string?> PerformAsync(ModelOperation operation)
    {
        AllowEviction();
        var failure = await DispatchAsync(operation);
        var memory = Engine.Status().Tiers[0];
        // The eviction queues' own tables are counted after they have grown: so small a memory may be over by a few hundredths until the next eviction.
        if (failure is null && memory.UsedBytes > memory.CapacityBytes) return $"memory holds {memory.UsedBytes} of {memory.CapacityBytes} bytes";
        return failure;
    }

    private Task<string?> DispatchAsync(ModelOperation operation) => operation.Kind switch
    {
        ModelOperationKind.Put or ModelOperationKind.DeleteItem => WriteItemAsync(operation),
        ModelOperationKind.Replace or ModelOperationKind.Update or ModelOperationKind.Merge => WriteSessionAsync(operation),
        ModelOperationKind.DeleteSession => DeleteSessionAsync(operation),
        ModelOperationKind.ReadItem => ReadItemAsync(operation.Session, operation.Item),
        ModelOperationKind.ReadSession => ReadSessionAsync(operation.Session),
        ModelOperationKind.ReadMemory => Task.FromResult(ReadMemory(operation)),
        ModelOperationKind.Describe => Task.FromResult(Describe(operation)),
        ModelOperationKind.Load or ModelOperationKind.Evict or ModelOperationKind.Touch => MoveAsync(operation),
        ModelOperationKind.AtomicBatch => BatchAsync(operation),
        _ => DisturbAsync(operation),
    };

    /// <summary>What is not asked about a session: time, pressure, reload, restart.</summary>
    private async Task<string?> DisturbAsync(ModelOperation operation)
    {
        switch (operation.Kind)
        {
            case ModelOperationKind.Advance:
                _time.SetUtcNow(_time.GetUtcNow() + operation.By);
                return null;
            case ModelOperationKind.SetBack:
                foreach (var oracle in _oracles) oracle.ClockSetBack(NowMs);
                _time.SetUtcNow(_time.GetUtcNow() - operation.By);
                return null;
            case ModelOperationKind.Sweep:
                await Engine.SweepOnceAsync(64);
                return null;
            case ModelOperationKind.Fill:
                return await FillAsync(operation);
            case ModelOperationKind.Reload:
                // What is over under one policy may not be over under one with longer times: as if the clock went back.
                foreach (var oracle in _oracles) oracle.ClockSetBack(NowMs);
                _variant = operation.Variant;
                Engine.Apply(_policy = EngineHarness.PolicyOf(_profile.Specs[_variant]));
                return null;
            default:
                return await RestartAsync();
        }
    }

    private async Task<string?> FillAsync(ModelOperation operation)
    {
        for (var i = 0; i < 4; i++)
        {
            var value = new ModelValue(operation.Changes[0].ValueId, 60_000 + i);
            var outcome = await _harness.PutAsync($"filler-{_fillers++}", "i", value.ToBytes());
            if (outcome.Status != WriteStatus.Created) return $"a filler was {outcome.Status} {outcome.Detail}";
        }

        return null;
    }

    private async Task<string?> RestartAsync()
    {
        await Engine.SweepOnceAsync(64);
        var report = await Engine.FlushAsync(CancellationToken.None);
        if (report.PendingSessions != 0) return $"{report.PendingSessions} sessions are pending after a flush";
        await _harness.DisposeAsync();
        if (!_profile.HasDisk)
            foreach (var oracle in _oracles) oracle.Forget();
        _harness = Open();
        _newest = ItemVersion.None;
        return null;
    }

    private async Task<string?> ReadAllAsync()
    {
        for (var session = 0; session < OperationGenerator.Sessions; session++)
        {
            for (var item = 0; item < OperationGenerator.Items; item++)
            {
                AllowEviction();
                if (await ReadItemAsync(session, item) is { } wrong) return $"at the end, session {session} item {item}: {wrong}";
            }

            AllowEviction();
            if (await ReadSessionAsync(session) is { } failure) return $"at the end, session {session}: {failure}";
        }

        return null;
    }

    /// <summary>The background evictor may have been at it, and there is nothing below memory.</summary>
    private void AllowEviction()
    {
        if (!_profile.IsLossy) return;
        foreach (var oracle in _oracles) oracle.MayBeEvicted();
    }

    private string Disagreement(int session, string seen)
        => $"session {session} at {NowMs}: the engine said {seen}; possible were: {string.Join(" | ", _oracles[session].Views(NowMs).Select(view => view.Shown?.ToString() ?? "absent"))}";

    private static string Text(ReadOnlyMemory<byte> key) => Encoding.UTF8.GetString(key.Span);
}
