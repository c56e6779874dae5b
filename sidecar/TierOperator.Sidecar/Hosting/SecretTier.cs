using System.Security.Cryptography;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering;
using TierOperator.Tiering.Redis.Native;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Retention;

namespace TierOperator.Sidecar.Hosting;

/// <summary>A tier and how it is heard; null where another tier announces.</summary>
internal sealed record OpenedTier(IRemoteTier Tier, IBackplane? Backplane);

/// <summary>What is wrong with a secret; never its content.</summary>
internal sealed class SecretFault(string message) : Exception(message);

/// <summary>
/// A remote tier that may not be known yet: it is made when its secret is there and right, and made anew when the secret changes.
/// Until then it is away, and says why. One that turns wrong is told beside the state; the tier goes on as the secret said before.
/// </summary>
/// <remarks>Thread-safe: the tier in use is one reference, swapped by the loop alone.</remarks>
internal sealed class SecretTier(TierSet flag, string? folder, string name, Func<string, OpenedTier> open, TimeProvider time) : IRemoteTier, ILeasingTier, IBackplane, ISearchableTier, IIndexedTier, IRetainingTier, IAuditedTier, IRemindingTier, INativeTier
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private volatile OpenedTier? _open;
    private volatile RemoteTierState _fault = new(RemoteHealth.Connecting);
    private volatile string? _refusal;
    private volatile string? _remembered;
    private byte[]? _seen;
    private Task _loop = Task.CompletedTask;
    private int _started;

    public TierSet Tier => flag;
    public RemoteTierState State => _open is not { } open ? _fault : _refusal is { } refusal ? Beside(open.Tier.State, refusal) : open.Tier.State;
    public NativeServer? Native => (_open?.Tier as INativeTier)?.Native;
    public IAuditStore? Audit => (_open?.Tier as IAuditedTier)?.Audit;
    public TimeSpan? ClockSkew => _open?.Tier.ClockSkew;
    public bool IsConnected => _open?.Backplane?.IsConnected ?? false;
    public BackplaneWay Way => _open?.Backplane?.Way ?? BackplaneWay.None;

    public string? Incarnation => _open?.Tier.Incarnation ?? _remembered;

    public void Remember(string incarnation) => _remembered = incarnation;

    public event Action<RemoteTierState>? StateChanged;
    public event Action? Forgot;
    public event Action<RemoteAnnouncement>? Announced;
    public event Action? Gap;

    public void Start()
    {
        if (Interlocked.Exchange(ref _started, 1) == 1) return;
        _loop = Task.Run(WatchAsync);
    }

    public ValueTask<RemoteItem> ReadItemAsync(ReadOnlyMemory<byte> session, ReadOnlyMemory<byte> item, CancellationToken cancellationToken)
        => _open?.Tier.ReadItemAsync(session, item, cancellationToken) ?? new(new RemoteItem(RemoteReadStatus.Unavailable));

    public ValueTask<RemoteSession> ReadSessionAsync(ReadOnlyMemory<byte> session, CancellationToken cancellationToken)
        => _open?.Tier.ReadSessionAsync(session, cancellationToken) ?? new(new RemoteSession(RemoteReadStatus.Unavailable));

    public ValueTask<IReadOnlyList<RemoteResult>> ApplyAsync(IReadOnlyList<RemoteChange> changes, CancellationToken cancellationToken)
        => _open?.Tier.ApplyAsync(changes, cancellationToken) ?? new([.. changes.Select(_ => new RemoteResult(RemoteStatus.Unavailable))]);

    public bool TellsEach => _open?.Tier.TellsEach ?? false;

    public ValueTask<IReadOnlyList<RemoteResult>> ApplyEachAsync(IReadOnlyList<RemoteChange> changes, Action<int, RemoteResult> told, CancellationToken cancellationToken)
        => _open?.Tier.ApplyEachAsync(changes, told, cancellationToken) ?? new([.. changes.Select(_ => new RemoteResult(RemoteStatus.Unavailable))]);

    public ValueTask<RemoteListing> ListAsync(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => _open?.Tier.ListAsync(prefix, after, limit, cancellationToken) ?? new(new RemoteListing(RemoteReadStatus.Unavailable, []));

    public ValueTask<LeaseAnswer> TakeLeaseAsync(LeaseClaim claim, CancellationToken cancellationToken)
        => (_open?.Tier as ILeasingTier)?.TakeLeaseAsync(claim, cancellationToken) ?? new(LeaseAnswer.Unavailable);

    public ValueTask EndLeaseAsync(LeaseClaim claim, TimeSpan inVainFor, CancellationToken cancellationToken)
        => (_open?.Tier as ILeasingTier)?.EndLeaseAsync(claim, inVainFor, cancellationToken) ?? ValueTask.CompletedTask;

    public ValueTask<SearchPage> SearchAsync(string query, int limit, CancellationToken cancellationToken)
        => (_open?.Tier as ISearchableTier)?.SearchAsync(query, limit, cancellationToken) ?? new(new SearchPage(RemoteReadStatus.Unavailable, []) { Fault = _fault.Reason });

    public ValueTask<RemoteListing> ListSubjectAsync(string subject, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => (_open?.Tier as IIndexedTier)?.ListSubjectAsync(subject, after, limit, cancellationToken) ?? new(new RemoteListing(RemoteReadStatus.Unavailable, []));

    public ValueTask<RemoteListing> ListChildrenAsync(ReadOnlyMemory<byte> parent, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
        => (_open?.Tier as IIndexedTier)?.ListChildrenAsync(parent, after, limit, cancellationToken) ?? new(new RemoteListing(RemoteReadStatus.Unavailable, []));

    public ValueTask<RemoteDeletion> EraseSubjectAsync(string subject, ItemVersion floor, CancellationToken cancellationToken)
        => (_open?.Tier as IIndexedTier)?.EraseSubjectAsync(subject, floor, cancellationToken) ?? new(new RemoteDeletion(false, []));

    public ValueTask<RemoteDeletion> DeleteChildrenAsync(ReadOnlyMemory<byte> parent, ItemVersion floor, CancellationToken cancellationToken)
        => (_open?.Tier as IIndexedTier)?.DeleteChildrenAsync(parent, floor, cancellationToken) ?? new(new RemoteDeletion(false, []));

    public ValueTask<RetentionReport> RunRetentionAsync(IReadOnlyList<CompiledRetention> entries, bool dryRun, IRetentionExport? export, CancellationToken cancellationToken)
        => (_open?.Tier as IRetainingTier)?.RunRetentionAsync(entries, dryRun, export, cancellationToken)
           ?? new(new RetentionReport(dryRun, [.. entries.Select(static entry => new RetentionEntryReport(entry.DataCategory, entry.Action, [], 0, "The postgres tier is away."))]));

    public ValueTask<bool> NoteUnheardAsync(IReadOnlyCollection<byte[]> sessions, CancellationToken cancellationToken)
        => (_open?.Tier as IRemindingTier)?.NoteUnheardAsync(sessions, cancellationToken) ?? new(false);

    public ValueTask<IReadOnlyList<UnheardSession>> TakeUnheardAsync(int most, CancellationToken cancellationToken)
        => (_open?.Tier as IRemindingTier)?.TakeUnheardAsync(most, cancellationToken) ?? new([]);

    public ValueTask<bool> HeardAsync(IReadOnlyCollection<UnheardSession> sessions, CancellationToken cancellationToken)
        => (_open?.Tier as IRemindingTier)?.HeardAsync(sessions, cancellationToken) ?? new(false);

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync();
        await _loop;
        await CloseAsync(_open);
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(s_lookEvery, time);
        try
        {
            do await LookAsync();
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // closing
        }
    }

    private async Task LookAsync()
    {
        try
        {
            var content = Fingerprint();
            if (content is null)
            {
                if (_open is null) Say($"the secret \"{name}\" is not there: mount it, or name the folder of secrets with {Settings.Secrets.Flag} DIR");
                else _refusal = $"the secret \"{name}\" is gone, what it said before goes on: mount it again";
                _seen = null; // when it is back it is used anew, whatever it says
                return;
            }

            if (_seen is not null && content.AsSpan().SequenceEqual(_seen)) return;
            _seen = content;
            var (next, before) = (open(folder!), _open);
            Listen(next);
            if (Incarnation is { } incarnation) next.Tier.Remember(incarnation);
            (_open, _refusal) = (next, null);
            next.Tier.Start();
            next.Backplane?.Start();
            if (before is not null) Gap?.Invoke();
            await CloseAsync(before);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever stands in the secret: the loop goes on looking, for it may be put right.
            if (_open is null) Say($"the secret \"{name}\" cannot be used: {Told(error)}");
            else _refusal = $"the secret \"{name}\" has changed and cannot be used, what it said before goes on: {Told(error)}";
        }
    }

    /// <summary>What nobody expected may quote the secret in its message: its name is told only.</summary>
    private static string Told(Exception error)
        => error is SecretFault or IOException or UnauthorizedAccessException or CryptographicException ? error.Message : $"its entries are not as they should be ({error.GetType().Name})";

    /// <summary>All entries together; null while there is no folder. A mounted secret is swapped as a whole.</summary>
    private byte[]? Fingerprint()
    {
        if (folder is null || !Directory.Exists(folder)) return null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)) hash.AppendData(File.ReadAllBytes(file));
        return hash.GetHashAndReset();
    }

    private void Listen(OpenedTier next)
    {
        next.Tier.StateChanged += state => StateChanged?.Invoke(state);
        next.Tier.Forgot += () => Forgot?.Invoke();
        if (next.Backplane is null) return;
        next.Backplane.Announced += announcement => Announced?.Invoke(announcement);
        next.Backplane.Gap += () => Gap?.Invoke();
    }

    private void Say(string reason)
    {
        if (_fault.Reason == reason) return;
        _fault = new RemoteTierState(RemoteHealth.Unavailable, reason) { IsSecretRefused = true };
        StateChanged?.Invoke(_fault);
    }

    private static RemoteTierState Beside(RemoteTierState state, string refusal)
        => state with { Reason = state.Reason is null ? refusal : $"{state.Reason} And {refusal}", IsSecretRefused = true };

    private static async ValueTask CloseAsync(OpenedTier? tier)
    {
        if (tier is null) return;
        if (tier.Backplane is not null) await tier.Backplane.DisposeAsync();
        await tier.Tier.DisposeAsync();
    }
}
