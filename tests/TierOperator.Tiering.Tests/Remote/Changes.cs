using System.Text;
using TierOperator.Tiering.Remote;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Remote;

/// <summary>Makes changes as the engine does, with small numbers for versions.</summary>
internal sealed class Changes
{
    public const uint Node = 7;

    public static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    // The header's times are the same for all, so that a merged header is known.
    private readonly long _createdMs = NowMs;

    public static ItemVersion Version(uint number) => new(number, Node);

    public RemoteChange Put(string session, uint number, params (string Item, string Value)[] items)
        => Put(Encoding.UTF8.GetBytes(session), number, [.. items.Select(item => (Encoding.UTF8.GetBytes(item.Item), Encoding.UTF8.GetBytes(item.Value)))]);

    public RemoteChange Put(byte[] session, uint number, params (byte[] Item, byte[] Value)[] items) => new(session)
    {
        Header = Header(ItemVersion.None),
        Newest = Version(number),
        ExpiresMs = NowMs + 3_600_000,
        Puts = [.. items.Select(item => new ItemSnapshot(item.Item, "text/plain", Version(number), ItemValue.From(item.Value)))],
    };

    /// <summary>Floor and items have one version, as the engine gives them.</summary>
    public RemoteChange Replace(string session, uint number, params (string Item, string Value)[] items)
        => Put(session, number, items) with { Header = Header(Version(number)), IsWhole = true };

    public RemoteChange Remove(string session, uint number, string item)
        => Put(session, number) with { Removals = [new RemovedItem(Encoding.UTF8.GetBytes(item), Version(number))] };

    public RemoteChange Delete(string session, uint number)
        => new(Encoding.UTF8.GetBytes(session)) { Floor = Version(number), Newest = Version(number), ExpiresMs = NowMs + 3_600_000 };

    private SessionHeader Header(ItemVersion floor) => new()
    {
        Rule = "live", CreatedMs = _createdMs, LastAccessMs = _createdMs, DeadlineMs = _createdMs + 3_600_000, Floor = floor, Subject = "user-1", Kind = 1, Accesses = 3,
    };
}
