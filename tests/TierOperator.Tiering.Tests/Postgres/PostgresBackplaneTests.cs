using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Tiering.Postgres;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Postgres;

public sealed class PostgresBackplaneTests(PostgresFixture fixture) : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly Channel<RemoteAnnouncement> _heard = Channel.CreateUnbounded<RemoteAnnouncement>();
    private readonly Channel<bool> _gaps = Channel.CreateUnbounded<bool>();
    private Database _database = null!;
    private PostgresTierOptions _options = null!;
    private PostgresTier _tier = null!;
    private PostgresBackplane _backplane = null!;

    public async ValueTask InitializeAsync()
    {
        var server = await fixture.ServerAsync();
        _database = await Database.CreateAsync(server);
        _options = PostgresFixture.OptionsFor(server, url: _database.UrlOf());
        _tier = PostgresFixture.Start(_options);
        _backplane = new PostgresBackplane(_options, TimeProvider.System, NullLogger.Instance);
        _backplane.Announced += announcement => _heard.Writer.TryWrite(announcement);
        _backplane.Gap += () => _gaps.Writer.TryWrite(true);
        _backplane.Start();
        await GapAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _backplane.DisposeAsync();
        await _tier.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Apply_IsHeardWithVersionAndNode()
    {
        await _tier.ApplyAsync(Changes.Put("s", 5, ("a", "x")));

        var heard = await HeardAsync();

        Assert.Equal(Changes.Bytes("s"), heard.Session.ToArray());
        Assert.Equal((Changes.At(5), 7u), (heard.Newest, heard.Node));
        Assert.True(_backplane.IsConnected);
    }

    [Fact]
    public async Task Apply_TouchesAndConditionsThatFail_AreNotAnnounced()
    {
        await _tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")));
        await _tier.ApplyAsync(Changes.Of("s", 2) with { IsAnnounced = false });
        await _tier.ApplyAsync(Changes.Put("s", 3, ("a", "y")) with { Condition = new RemoteCondition { Item = Changes.Bytes("a"), Precondition = new() { MustNotExist = true } } });
        await _tier.ApplyAsync(Changes.Put("last", 4, ("a", "x")));

        Assert.Equal(Changes.Bytes("s"), (await HeardAsync()).Session.ToArray());
        Assert.Equal(Changes.Bytes("last"), (await HeardAsync()).Session.ToArray());
        Assert.False(_gaps.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Apply_MoreThanOneNotificationHolds_IsHeardWhole()
    {
        var changes = Enumerable.Range(0, 400).Select(at => Changes.Put($"{at:000}{new string('k', 80)}", 1, ("a", "x"))).ToList();

        await _tier.ApplyAsync(changes, CancellationToken.None);

        var heard = new HashSet<string>();
        for (var at = 0; at < changes.Count; at++) heard.Add(System.Text.Encoding.UTF8.GetString((await HeardAsync()).Session.Span));
        Assert.Equal(400, heard.Count);
        Assert.False(_gaps.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Apply_KeyTooLongToTell_IsAGap()
    {
        await _tier.ApplyAsync(Changes.Put(new string('k', 2000), 1, ("a", "x")));

        await GapAsync();
    }

    [Fact]
    public async Task NumberLeftOut_IsAGap()
    {
        await _tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")));
        await HeardAsync();

        await _database.RunAsync("UPDATE tier.node SET number = number + 1");
        await _tier.ApplyAsync(Changes.Put("s", 2, ("a", "y")));

        await GapAsync();
        Assert.Equal(Changes.At(2), (await HeardAsync()).Newest);
    }

    [Fact]
    public async Task ConnectionCut_ConnectsAgainAndSaysGap()
    {
        await _database.RunAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()");

        await GapAsync();
        await _tier.ApplyAsync(Changes.Put("s", 1, ("a", "x")));
        Assert.Equal(Changes.At(1), (await HeardAsync()).Newest);
    }

    [Fact]
    public async Task OtherPolicy_IsNotHeard()
    {
        await using var other = PostgresFixture.Start(_options with { Remote = _options.Remote with { Policy = "other" } });
        await other.ApplyAsync(Changes.Put("theirs", 1, ("a", "x")));

        await _tier.ApplyAsync(Changes.Put("ours", 2, ("a", "x")));

        Assert.Equal(Changes.Bytes("ours"), (await HeardAsync()).Session.ToArray());
    }

    private async Task<RemoteAnnouncement> HeardAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        return await _heard.Reader.ReadAsync(patience.Token);
    }

    private async Task GapAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        await _gaps.Reader.ReadAsync(patience.Token);
    }
}
