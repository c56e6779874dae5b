using System.Text;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Remote;

/// <summary>
/// What every remote tier has to do, whatever its server. A tier's own test class derives from this one and opens the tier on a real
/// server; each test has a policy name of its own, so that they share the server.
/// </summary>
public abstract partial class RemoteTierContractTests : IAsyncLifetime
{
    private readonly Changes _changes = new();
    private IRemoteTier _tier = null!;

    /// <summary>The tier of this test, connected.</summary>
    protected IRemoteTier Tier => _tier;

    public async ValueTask InitializeAsync() => _tier = await OpenHealthyAsync(Options());

    public async ValueTask DisposeAsync()
    {
        await _tier.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A tier on this class's server, not yet started.</summary>
    protected abstract ValueTask<IRemoteTier> OpenAsync(RemoteTierOptions options);

    protected async Task<IRemoteTier> OpenHealthyAsync(RemoteTierOptions options)
    {
        var tier = await OpenAsync(options);
        tier.Start();
        await Eventually.HoldsAsync(() => tier.State.Health == RemoteHealth.Healthy, () => $"the tier is {tier.State}");
        return tier;
    }

    // A timeout far above what the server needs: a busy machine must not fail a test about something else.
    protected static RemoteTierOptions Options(string? policy = null) => new()
    {
        Namespace = "tests", Policy = policy ?? "p" + Guid.NewGuid().ToString("N")[..12], Timeout = TimeSpan.FromSeconds(5), Node = 7,
    };

    [Fact]
    public async Task ReadItem_NothingStored_IsNotFound()
    {
        var item = await _tier.ReadItemAsync(Bytes("s"), Bytes("i"), default);
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.Equal((RemoteReadStatus.NotFound, RemoteReadStatus.NotFound), (item.Status, session.Status));
        Assert.Equal((ItemVersion.None, ItemVersion.None), (session.Newest, session.Floor));
    }

    [Fact]
    public async Task Apply_NewSession_IsReadBackWhole()
    {
        var change = _changes.Put("s", 5, ("a", "one"), ("b", "two")) with { IsWhole = true };

        var result = await ApplyAsync(change);
        var session = await _tier.ReadSessionAsync(Bytes("s"), default);

        Assert.Equal((RemoteStatus.Applied, Version(5)), (result.Status, result.Newest));
        Assert.NotEqual(true, result.Existed);
        Assert.Equal((RemoteReadStatus.Found, false, Version(5)), (session.Status, session.IsProjection, session.Newest));
        Assert.Equal("a=one@5 text/plain;b=two@5 text/plain", Text(session));
        Assert.Equal(change.Header, session.Session!.Header);
    }

    [Fact]
    public async Task ReadItem_OfASession_GivesItemAndHeader()
    {
        var change = _changes.Put("s", 5, ("a", "one"), ("b", "two")) with { IsWhole = true };
        await ApplyAsync(change);

        var found = await _tier.ReadItemAsync(Bytes("s"), Bytes("b"), default);
        var absent = await _tier.ReadItemAsync(Bytes("s"), Bytes("c"), default);

        Assert.Equal("two", Text(found.Item.Value));
        Assert.Equal((Version(5), "text/plain", change.Header), (found.Item.Version, found.Item.ContentType, found.Header));
        Assert.Equal(RemoteReadStatus.NotFound, absent.Status);
    }

    public static TheoryData<byte[], byte[]> StrangeKeys => new()
    {
        { [], [] },
        { [0], [0, 0] },
        { [0xff, 0xfe, 0x80], [0xc3, 0x28] },
        { "{a}:b"u8.ToArray(), "h"u8.ToArray() },
        { "{}"u8.ToArray(), "\r\n"u8.ToArray() },
        { "}*?[x]\\"u8.ToArray(), "%_'"u8.ToArray() },
        { RandomBytes(64 * 1024), RandomBytes(64 * 1024) },
    };

    [Theory]
    [MemberData(nameof(StrangeKeys))]
    public async Task Apply_AnyBytesAsKeys_AreReadBack(byte[] session, byte[] item)
    {
        var change = _changes.Put(session, 3, (item, Bytes("value"))) with { IsWhole = true };

        var result = await ApplyAsync(change);
        var read = await _tier.ReadItemAsync(session, item, default);
        var listed = await _tier.ListAsync(ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty, 10, default);

        Assert.Equal(RemoteStatus.Applied, result.Status);
        Assert.Equal("value", Text(read.Item.Value));
        if (session.Length > 0) Assert.Equal(session, Assert.Single(listed.Sessions).Key);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(1000, true)]
    [InlineData(70_000, false)]
    [InlineData(5_000_000, true)]
    [InlineData(5_000_000, false)]
    public async Task Apply_ValueOfAnySize_IsReadBack(int length, bool isCompressible)
    {
        var value = isCompressible ? Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("abcdefghij", (length / 10) + 1))[..length]) : RandomBytes(length);

        await ApplyAsync(_changes.Put(Bytes("s"), 3, (Bytes("i"), value)) with { IsWhole = true });
        var read = await _tier.ReadItemAsync(Bytes("s"), Bytes("i"), default);
        var back = read.Item.Value.ToArray();
        read.Item.Value.Release();

        Assert.True(value.AsSpan().SequenceEqual(back), $"{back.Length} other bytes came back");
    }

    [Fact]
    public async Task List_MoreThanAPage_GoesOnInByteOrder()
    {
        var keys = new[] { "b2", "b10", "a", "b", "b1", "c", "b\u00e9" };
        await _tier.ApplyAsync([.. keys.Select((key, i) => _changes.Put(key, (uint)i + 1, ("i", "v")) with { IsWhole = true })], default);

        var first = await _tier.ListAsync(Bytes("b"), ReadOnlyMemory<byte>.Empty, 2, default);
        var second = await _tier.ListAsync(Bytes("b"), first.Sessions[^1].Key, 10, default);

        Assert.Equal((RemoteReadStatus.Found, RemoteReadStatus.Found), (first.Status, second.Status));
        Assert.Equal(["b", "b1"], first.Sessions.Select(line => Encoding.UTF8.GetString(line.Key)));
        Assert.Equal(["b10", "b2", "b\u00e9"], second.Sessions.Select(line => Encoding.UTF8.GetString(line.Key)));
    }

    [Fact]
    public async Task List_DeletedSession_IsNotListed()
    {
        await ApplyAsync(_changes.Put("gone", 1, ("i", "v")) with { IsWhole = true });
        await ApplyAsync(_changes.Delete("gone", 2));

        var listing = await _tier.ListAsync(ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty, 10, default);

        Assert.Empty(listing.Sessions);
    }

    [Fact]
    public async Task Apply_OtherPolicyOnTheSameServer_IsAWorldOfItsOwn()
    {
        await using var other = await OpenHealthyAsync(Options());
        await ApplyAsync(_changes.Put("s", 1, ("i", "mine")) with { IsWhole = true });

        var item = await other.ReadItemAsync(Bytes("s"), Bytes("i"), default);
        var listing = await other.ListAsync(ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty, 10, default);

        Assert.Equal(RemoteReadStatus.NotFound, item.Status);
        Assert.Empty(listing.Sessions);
    }

    [Fact]
    public async Task Call_AlreadyCancelled_Throws()
    {
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _tier.ReadItemAsync(Bytes("s"), Bytes("i"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _tier.ApplyAsync([_changes.Put("s", 1, ("i", "v"))], cancelled));
    }

    protected async Task<RemoteResult> ApplyAsync(RemoteChange change) => Assert.Single(await _tier.ApplyAsync([change], default));

    protected static ItemVersion Version(uint number) => Changes.Version(number);
    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
    protected static string Text(ItemValue value) => Encoding.UTF8.GetString(value.ToArray());

    /// <summary>The items of a session in the order of their keys.</summary>
    protected static string Text(RemoteSession read) => read.Session is not { } session ? "" : string.Join(';', session.Items
        .Select(item => $"{Encoding.UTF8.GetString(item.Key)}={Text(item.Value)}@{item.Version.Stamp} {item.ContentType}").Order(StringComparer.Ordinal));

    private static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
