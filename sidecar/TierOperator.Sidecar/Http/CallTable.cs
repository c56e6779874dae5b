namespace TierOperator.Sidecar.Http;

/// <summary>What a target came to: a call with its ids and query, or why there is none.</summary>
internal readonly record struct CallMatch(ApiCall? Call, byte[][] Ids, Problem? Problem)
{
    public CallQuery Query { get; init; } = CallQuery.Empty;
}

/// <summary>Finds the call of a request on the general way. Immutable.</summary>
internal sealed class CallTable(IReadOnlyList<ApiCall> calls)
{
    public IReadOnlyList<ApiCall> Calls { get; } = calls;

    public CallMatch Match(string method, string target)
    {
        var path = PathParser.PathOf(target);
        if (path.Length == 0 || path[0] != '/') return new(null, [], Problems.NoRoute());
        var segments = path[1..].ToString().Split('/');
        ApiCall? other = null;
        List<string> allowed = [];
        foreach (var call in Calls)
        {
            if (!Fits(call.Segments, segments)) continue;
            allowed.Add(call.Method);
            if (call.Method == method) other = call;
        }

        if (allowed.Count == 0) return new(null, [], Problems.NoRoute());
        return other is null
            ? new(null, [], Problems.MethodNotAllowed(string.Join(", ", allowed)))
            : TakeIds(other, segments, PathParser.QueryOf(target));
    }

    private static bool Fits(string[] call, string[] path)
    {
        if (call.Length != path.Length) return false;
        for (var i = 0; i < call.Length; i++)
            if (!ApiCall.IsParameter(call[i]) && !string.Equals(call[i], path[i], StringComparison.Ordinal)) return false;
        return true;
    }

    private static CallMatch TakeIds(ApiCall call, string[] path, ReadOnlySpan<char> query)
    {
        Span<byte> id = stackalloc byte[PathParser.MaxIdBytes];
        List<byte[]> ids = [];
        for (var i = 0; i < path.Length; i++)
        {
            if (!ApiCall.IsParameter(call.Segments[i])) continue;
            var fault = PathParser.Decode(path[i], id, out var written);
            if (fault != IdFault.None) return new(call, [], Problems.BadId(call.Segments[i].Trim('{', '}'), fault));
            ids.Add(id[..written].ToArray());
        }

        return CallQuery.TryRead(query, call, out var read) is { } problem
            ? new(call, [], problem)
            : new(call, [.. ids], null) { Query = read };
    }
}
