using System.Text;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Tests.Remote;

/// <summary>
/// What a tier that took every change holds in the end, by the definition: of each item the newest change counts; what is below
/// the highest floor, or not above the last delete, does not exist; a session is there when something that is no delete is newer than the last delete.
/// </summary>
internal sealed class RemoteModel
{
    private readonly Dictionary<string, ItemVersion> _floors = [];
    private readonly Dictionary<string, ItemVersion> _deleted = [];
    private readonly Dictionary<string, ItemVersion> _written = [];
    private readonly Dictionary<(string Session, string Item), (ItemVersion Version, string? Value)> _items = [];

    public void Apply(RemoteChange change)
    {
        var session = Encoding.UTF8.GetString(change.Session.Span);
        Raise(_floors, session, change.Header?.Floor ?? change.Floor);
        Raise(change.Header is null ? _deleted : _written, session, change.Newest);
        foreach (var put in change.Puts) Set(session, put.Key, put.Version, Encoding.UTF8.GetString(put.Value.ToArray()));
        foreach (var removal in change.Removals) Set(session, removal.Item.Span, removal.Version, null);
    }

    /// <summary>As the test describes what it read.</summary>
    public string Describe(string session)
    {
        var (floor, deleted, written) = (_floors.GetValueOrDefault(session), _deleted.GetValueOrDefault(session), _written.GetValueOrDefault(session));
        var isThere = written > deleted;
        var newest = written > floor ? written : floor;
        var items = _items.Where(item => item.Key.Session == session && item.Value.Version >= floor && item.Value.Version > deleted && item.Value.Value is not null)
            .Select(item => $"{item.Key.Item}={item.Value.Value}@{item.Value.Version.Stamp} text/plain").Order(StringComparer.Ordinal);
        return $"{(isThere ? RemoteReadStatus.Found : RemoteReadStatus.NotFound)} floor {floor.Stamp} newest {newest.Stamp}: {string.Join(';', items)}";
    }

    private static void Raise(Dictionary<string, ItemVersion> versions, string session, ItemVersion version)
    {
        if (version > versions.GetValueOrDefault(session)) versions[session] = version;
    }

    private void Set(string session, ReadOnlySpan<byte> item, ItemVersion version, string? value)
    {
        var key = (session, Encoding.UTF8.GetString(item));
        if (version > _items.GetValueOrDefault(key).Version) _items[key] = (version, value);
    }
}
