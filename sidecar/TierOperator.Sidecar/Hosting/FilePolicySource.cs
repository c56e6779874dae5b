using System.Security.Cryptography;
using TierOperator.Policy;
using TierOperator.Sidecar.Routes;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Hosting;

/// <summary>Who takes a changed policy over.</summary>
internal sealed record PolicyTakers(PolicyState State, TierEngine Engine, RoutesState Routes);

/// <summary>
/// Follows the policy file. Once a second its content is compared with what was last seen: that works across the symlink
/// swaps of mounted ConfigMaps, network mounts and editors that replace files, where change notices do not. A change is
/// taken only when two looks in turn saw the same bytes, so that a half-written file is not.
/// </summary>
internal sealed partial class FilePolicySource(
    string path, byte[] first, PolicyTakers takers, TimeProvider time, ILogger log)
{
    private readonly PolicyState _state = takers.State;

    /// <summary>Decides, where the path is a folder, which of its snapshots is this pod's.</summary>
    public string? PodUid { get; init; }

    private byte[] _seen = first;
    private byte[]? _settling;
    private bool _missing;

    /// <summary>One look at the file. Called by one loop; not thread-safe.</summary>
    public async Task LookAsync()
    {
        byte[] now;
        try
        {
            now = PolicyFile.Read(path, PodUid);
        }
        catch (StartFault fault)
        {
            // The last good policy keeps serving; said once, not every second.
            if (!_missing) LogUnreadable(log, fault.Message);
            _missing = true;
            return;
        }

        _missing = false;
        if (now.AsSpan().SequenceEqual(_seen))
        {
            _settling = null;
        }
        else if (_settling is not null && now.AsSpan().SequenceEqual(_settling))
        {
            (_seen, _settling) = (now, null);
            await OfferAsync(now);
        }
        else
        {
            _settling = now;
        }
    }

    private async Task OfferAsync(byte[] content)
    {
        var result = PolicyLoader.Load(content, path);
        if (!result.IsValid)
        {
            Refuse(content, [.. PolicyFile.Lines(path, result.Faults)]);
            return;
        }

        var policy = LoadedPolicy.From(result);
        if (policy.Compiled.Revision == _state.Running.Compiled.Revision)
        {
            _state.Settle();
            return;
        }

        try
        {
            // The routes can still be refused, and change nothing then; the engine takes whatever is valid.
            await takers.Routes.ApplyAsync(policy.Compiled);
            var outcome = takers.Engine.Apply(policy.Compiled);
            _state.Accept(policy, time.GetUtcNow(), outcome.RestartRequired);
            foreach (var warning in policy.Warnings) LogWarning(log, warning);
            LogAccepted(log, policy.Compiled.Name, policy.Compiled.Revision, outcome.RestartRequired);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException)
        {
            Refuse(content, [e.Message]);
        }
    }

    private void Refuse(byte[] content, IReadOnlyList<string> reasons)
    {
        var revision = Convert.ToHexStringLower(SHA256.HashData(content));
        _state.Refuse(new PolicyRefusal(revision, reasons, time.GetUtcNow()));
        LogRefused(log, reasons.Count, reasons[0]);
    }

    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "The policy {Name} runs in revision {Revision}; waiting for a restart: [{RestartRequired}]")]
    private static partial void LogAccepted(ILogger logger, string name, string revision, IReadOnlyList<string> restartRequired);

    [LoggerMessage(EventId = 205, Level = LogLevel.Warning, Message = "The changed policy: {Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);

    [LoggerMessage(EventId = 202, Level = LogLevel.Warning, Message = "The changed policy is refused with {Count} faults, the last good one keeps serving. First: {Fault}")]
    private static partial void LogRefused(ILogger logger, int count, string fault);

    [LoggerMessage(EventId = 203, Level = LogLevel.Warning, Message = "The last good policy keeps serving: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string reason);
}
