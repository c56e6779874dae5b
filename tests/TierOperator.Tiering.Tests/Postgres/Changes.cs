using System.Text;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Postgres;

/// <summary>Changes and versions for tests, short to write.</summary>
internal static class Changes
{
    private const long Hour = 3_600_000;

    /// <summary>A version of now, told apart by its counter.</summary>
    public static ItemVersion At(int counter, uint node = 1) => new(((ulong)NowMs << 16) + (ulong)counter, node);

    public static long NowMs { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static SessionHeader Header(int counter = 0) => new()
    {
        Rule = "default", CreatedMs = NowMs, LastAccessMs = NowMs + counter, DeadlineMs = NowMs + Hour,
    };

    public static ItemSnapshot Item(string name, string value, int counter, string type = "text/plain")
        => new(Bytes(name), type, At(counter), ItemValue.From(Bytes(value)));

    public static RemoteChange Put(string session, int counter, params (string Name, string Value)[] items)
        => Of(session, counter) with { Puts = [.. items.Select(item => Item(item.Name, item.Value, counter))] };

    public static RemoteChange Of(string session, int counter)
        => new(Bytes(session)) { Header = Header(counter), ExpiresMs = NowMs + Hour, Newest = At(counter) };

    public static RemoteChange Remove(string session, int counter, params string[] items)
        => Of(session, counter) with { Removals = [.. items.Select(item => new RemovedItem(Bytes(item), At(counter)))] };

    public static RemoteChange Delete(string session, int counter)
        => new(Bytes(session)) { Floor = At(counter), Newest = At(counter), ExpiresMs = NowMs + (24 * Hour) };

    public static async Task<RemoteResult> ApplyAsync(this IRemoteTier tier, RemoteChange change)
        => (await tier.ApplyAsync([change], CancellationToken.None))[0];

    /// <summary>The item's text; null where the tier knows that there is none.</summary>
    public static async Task<string?> ReadAsync(this IRemoteTier tier, string session, string item)
    {
        var read = await tier.ReadItemAsync(Bytes(session), Bytes(item), CancellationToken.None);
        if (read.Status == RemoteReadStatus.NotFound) return null;
        Assert.Equal(RemoteReadStatus.Found, read.Status);
        var text = Encoding.UTF8.GetString(read.Item.Value.ToArray());
        read.Item.Value.Release();
        return text;
    }
}
