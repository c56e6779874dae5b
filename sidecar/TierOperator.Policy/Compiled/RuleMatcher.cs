namespace TierOperator.Policy.Compiled;

/// <summary>
/// The JSON fields of a session, as <c>where</c> conditions see them. A field is a top-level member (an item) or a
/// dotted path into one (<c>context.email</c>).
/// </summary>
public interface ISessionFields
{
    /// <summary>Gets a field's scalar as text (a JSON string without quotes, a number as written, true, false, null).</summary>
    bool TryGetField(string path, out string value);
}

/// <summary>
/// Finds the rule of a session or an item: the first in document order whose globs and conditions hold. Immutable,
/// thread-safe, allocation-free (conditions may cost what their <see cref="ISessionFields"/> costs).
/// </summary>
public sealed class RuleMatcher
{
    private readonly Entry[] _entries;
    private readonly Entry[] _reserved;

    internal RuleMatcher(IEnumerable<Entry> entries, IEnumerable<Entry> reserved) => (_entries, _reserved) = ([.. entries], [.. reserved]);

    internal IReadOnlyList<Entry> Entries => _entries;

    internal sealed record Entry(CompiledRule Rule, Glob[] Sessions, Glob[] Items, WhereCondition[] Where);

    /// <summary>The rule of the session itself (its deadline, load and eviction): rules that narrow items are passed over.</summary>
    public CompiledRule MatchSession(ReadOnlySpan<byte> session, ISessionFields? fields)
    {
        var entries = EntriesOf(session);
        foreach (var entry in entries)
            if (!entry.Rule.HasItems && IsMatch(entry.Sessions, session) && Holds(entry.Where, fields))
                return entry.Rule;
        return entries[^1].Rule;
    }

    /// <summary>The rule that places one item.</summary>
    public CompiledRule MatchItem(ReadOnlySpan<byte> session, ReadOnlySpan<byte> item, ISessionFields? fields)
    {
        var entries = EntriesOf(session);
        foreach (var entry in entries)
            if (IsMatch(entry.Sessions, session) && IsMatch(entry.Items, item) && Holds(entry.Where, fields))
                return entry.Rule;
        return entries[^1].Rule;
    }

    /// <summary>
    /// Whether a session of this key may stand under the rule: its globs take the key, and no rule before it takes every session of
    /// that key for certain.
    /// </summary>
    public bool MayTake(CompiledRule rule, ReadOnlySpan<byte> session)
    {
        foreach (var entry in EntriesOf(session))
        {
            if (!IsMatch(entry.Sessions, session)) continue;
            if (ReferenceEquals(entry.Rule, rule)) return true;
            if (entry.Items.Length == 0 && entry.Where.Length == 0) return false;
        }

        return false;
    }

    /// <summary>
    /// True when some rule whose globs take this session has conditions, so that its fields must be at hand. Rules after
    /// one that takes the whole session for certain do not count.
    /// </summary>
    public bool NeedsFields(ReadOnlySpan<byte> session)
    {
        foreach (var entry in EntriesOf(session))
        {
            if (!IsMatch(entry.Sessions, session)) continue;
            if (entry.Where.Length > 0) return true;
            if (entry.Items.Length == 0) return false;
        }

        return false;
    }

    // The rules that people write never see a cached response, whatever their globs say.
    private Entry[] EntriesOf(ReadOnlySpan<byte> session) => ReservedKeys.IsReserved(session) ? _reserved : _entries;

    private static bool IsMatch(Glob[] globs, ReadOnlySpan<byte> text)
    {
        foreach (var glob in globs)
            if (glob.IsMatch(text)) return true;
        return globs.Length == 0;
    }

    private static bool Holds(WhereCondition[] where, ISessionFields? fields)
    {
        if (where.Length == 0) return true;
        if (fields is null) return false;
        foreach (var condition in where)
            if (!condition.IsMet(fields)) return false;
        return true;
    }
}
