using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Serving;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>A key among the arguments, and what the command does to it.</summary>
internal readonly record struct KeyPlace(int Argument, KeySpecification Use);

/// <summary>Finds the keys of a command by its specification, as Redis does before it runs it.</summary>
internal static class KeyFinder
{
    /// <summary>The keys in the order of the arguments; null when the arguments are such that they cannot be told.</summary>
    public static IReadOnlyList<KeyPlace>? Find(CommandFact fact, RespArguments arguments)
    {
        var places = new List<KeyPlace>();
        foreach (var specification in fact.Specifications)
        {
            if (specification.IsUnknown) continue;
            if (BeginOf(specification, arguments) is not { } begin) continue;
            if (!(specification.IsCounted ? AddCounted(places, specification, begin, arguments) : AddRange(places, specification, begin, arguments))) return null;
        }

        if (fact.Name is "sort" && StoreOfSort(arguments) is { } store) places.Add(new KeyPlace(store, fact.Specifications[^1]));
        return places;
    }

    /// <summary>Where a specification's keys begin; null where its keyword is missing.</summary>
    private static int? BeginOf(KeySpecification specification, RespArguments arguments)
    {
        if (specification.Keyword is not { } keyword) return specification.Begin;
        var word = System.Text.Encoding.ASCII.GetBytes(keyword);
        var (from, step) = specification.Begin > 0 ? (specification.Begin, 1) : (arguments.Count + specification.Begin, -1);
        for (var i = from; i > 0 && i < arguments.Count; i += step)
            if (arguments.Is(i, word)) return i + 1;
        return null;
    }

    private static bool AddRange(List<KeyPlace> places, KeySpecification specification, int begin, RespArguments arguments)
    {
        var (last, step, limit) = specification.Find;
        var end = last >= 0 ? begin + last
            : limit <= 1 ? arguments.Count + last
            : begin + ((arguments.Count - begin) / limit) + last;
        if (begin >= arguments.Count) return specification.Keyword is not null;
        for (var i = begin; i <= end && i < arguments.Count; i += step) places.Add(new KeyPlace(i, specification));
        return true;
    }

    private static bool AddCounted(List<KeyPlace> places, KeySpecification specification, int begin, RespArguments arguments)
    {
        var (number, first, step) = specification.Find;
        if (begin + number >= arguments.Count) return false;
        if (!RespNumber.TryParse(arguments[begin + number], out var count) || count < 0 || count > arguments.Count - begin - first) return false;
        for (var i = 0; i < count; i++) places.Add(new KeyPlace(begin + first + (i * step), specification));
        return true;
    }

    // The last STORE counts. What LIMIT, BY and GET take for their own is passed over.
    private static int? StoreOfSort(RespArguments arguments)
    {
        int? store = null;
        for (var i = 2; i < arguments.Count; i++)
        {
            if (arguments.Is(i, "limit"u8)) i += 2;
            else if (arguments.Is(i, "by"u8) || arguments.Is(i, "get"u8)) i++;
            else if (arguments.Is(i, "store"u8) && i + 1 < arguments.Count) store = ++i;
        }

        return store;
    }
}
