using System.Text;

namespace TierOperator.Tiering.Postgres.Search;

/// <summary>
/// A query as people type it: words that must all be there, <c>"a phrase"</c>, <c>begin*</c>, <c>-not</c>, and <c>OR</c> between
/// alternatives. Says the same to the database and to items at hand.
/// </summary>
internal sealed class SearchQuery
{
    public const int MaxChars = 1000;
    private const int MaxTerms = 32;
    private readonly List<List<SearchTerm>> _alternatives;

    private SearchQuery(List<List<SearchTerm>> alternatives) => _alternatives = alternatives;

    /// <summary>False with what is wrong with it and what to write.</summary>
    public static bool TryParse(string text, out SearchQuery query, out string? fault)
    {
        query = new SearchQuery([]);
        fault = text.Length > MaxChars ? $"The query is longer than {MaxChars} characters: shorten it." : null;
        if (fault is not null) return false;
        var (alternatives, terms) = (new List<List<SearchTerm>> { new() }, 0);
        foreach (var (part, isPhrase) in Parts(text))
        {
            if (!isPhrase && part == "OR")
            {
                if (alternatives[^1].Count > 0) alternatives.Add([]);
                continue;
            }

            if (SearchTerm.Read(part, isPhrase) is not { } term) continue;
            alternatives[^1].Add(term);
            if (++terms > MaxTerms) fault = $"The query has more than {MaxTerms} words: leave some out.";
        }

        alternatives.RemoveAll(static group => group.Count == 0);
        if (alternatives.Count == 0 || alternatives.Exists(static group => group.TrueForAll(static term => term.IsNot)))
            fault ??= "The query names nothing to find: write at least one word without a minus in front.";
        query = new SearchQuery(alternatives);
        return fault is null;
    }

    /// <summary>As the database's to_tsquery reads it. Words are letters and digits only, so nothing in them needs escaping.</summary>
    public string ToTextQuery() => string.Join(" | ", _alternatives.Select(static group => $"({string.Join(" & ", group.Select(static term => term.ToTextQuery()))})"));

    /// <summary>Where the text's words meet the query, in order; null where it does not match.</summary>
    public List<WordSpan>? Match(string text)
    {
        var spans = SearchText.Words(text).ToArray();
        var words = Array.ConvertAll(spans, span => text[span.Start..span.End].ToLowerInvariant());
        var found = new SortedDictionary<int, WordSpan>();
        var isMatch = false;
        foreach (var group in _alternatives)
        {
            if (!group.TrueForAll(term => term.IsMet(words))) continue;
            isMatch = true;
            foreach (var at in group.Where(static term => !term.IsNot).SelectMany(term => term.Places(words))) found[at] = spans[at];
        }

        return isMatch ? [.. found.Values] : null;
    }

    private static IEnumerable<(string Part, bool IsPhrase)> Parts(string text)
    {
        var part = new StringBuilder();
        var isQuoted = false;
        foreach (var letter in text)
        {
            if (letter != '"' && (isQuoted || !char.IsWhiteSpace(letter)))
            {
                part.Append(letter);
                continue;
            }

            if (letter == '"' && !isQuoted && part is { Length: 1 } && part[0] == '-')
            {
                isQuoted = true; // -"a phrase"
                continue;
            }

            if (part.Length > 0) yield return (part.ToString(), isQuoted);
            part.Clear();
            isQuoted = letter == '"' && !isQuoted;
        }

        if (part.Length > 0) yield return (part.ToString(), isQuoted);
    }
}

/// <summary>One term: words that follow each other, of which the last may be only a beginning.</summary>
internal sealed record SearchTerm(string[] Words, bool IsNot, bool IsPrefix)
{
    /// <summary>Null where there is no letter or digit in it.</summary>
    public static SearchTerm? Read(string part, bool isPhrase)
    {
        var isNot = part[0] == '-';
        var words = SearchText.Words(part).Select(span => part[span.Start..span.End].ToLowerInvariant()).ToArray();
        return words.Length == 0 ? null : new SearchTerm(words, isNot, !isPhrase && part[^1] == '*');
    }

    public string ToTextQuery()
    {
        var phrase = string.Join(" <-> ", Words.Select((word, at) => IsPrefix && at == Words.Length - 1 ? $"'{word}':*" : $"'{word}'"));
        return IsNot ? $"!({phrase})" : $"({phrase})";
    }

    public bool IsMet(string[] words) => Places(words).Any() != IsNot;

    /// <summary>The places of its words.</summary>
    public IEnumerable<int> Places(string[] words)
    {
        for (var at = 0; at + Words.Length <= words.Length; at++)
        {
            if (!StandsAt(words, at)) continue;
            for (var i = 0; i < Words.Length; i++) yield return at + i;
        }
    }

    private bool StandsAt(string[] words, int at)
    {
        for (var i = 0; i < Words.Length; i++)
        {
            var isMet = IsPrefix && i == Words.Length - 1
                ? words[at + i].StartsWith(Words[i], StringComparison.Ordinal)
                : words[at + i] == Words[i];
            if (!isMet) return false;
        }

        return true;
    }
}
