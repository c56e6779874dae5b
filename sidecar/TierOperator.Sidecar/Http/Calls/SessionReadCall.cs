using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Sidecar.Http.Documents;
using TierOperator.Tiering.Conflicts;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http.Calls;

/// <summary>A whole session: as a JSON document, some of its items, or what is known of it (<c>view=meta</c>).</summary>
internal static class SessionReadCall
{
    public static Task ReadAsync(Exchange exchange) => exchange.Query.Text("view") switch
    {
        null => ReadDocumentAsync(exchange),
        "meta" => ReadMetaAsync(exchange),
        _ => exchange.RefuseAsync(Problems.Malformed("view takes only \"meta\".")),
    };

    private static async Task ReadDocumentAsync(Exchange exchange)
    {
        var read = await exchange.Engine.ReadSessionAsync(exchange.First, exchange.Aborted);
        try
        {
            if (ReadAnswer.ProblemOf(read.Status) is { } problem)
            {
                if (problem.Status == 404) problem = Problems.NotFound("No tier of the policy holds this session.");
                await exchange.RefuseAsync(problem with { Unavailable = read.Unavailable });
                return;
            }

            if (read.Session!.Items.FirstOrDefault(static item => ConflictDocument.IsOne(item.ContentType)) is { Key: not null } disputed)
                await exchange.RefuseAsync(Problems.Disputed($"The item '{Encoding.UTF8.GetString(disputed.Key)}' has versions that nobody has chosen between: read it by itself, then write or delete it with If-Match and its ETag."));
            else
                await WriteAsync(exchange, read, read.Session);
        }
        finally
        {
            read.Session?.Release();
        }
    }

    private static async Task WriteAsync(Exchange exchange, SessionReadOutcome read, SessionSnapshot session)
    {
        var version = SessionVersion.Of(session);
        var headers = exchange.ResponseHeaders;
        headers.ETag = EntityTag.Format(version);
        headers[TierHeaders.Source] = TierNames.Header(read.Source);
        if (read.Rule is { } rule) headers[TierHeaders.Rule] = rule.Name;
        if (read.Unavailable != TierSet.None) headers[TierHeaders.Unavailable] = TierNames.Header(read.Unavailable);
        if (EntityTag.Matches(exchange.RequestHeaders.IfNoneMatch, version))
        {
            exchange.Http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        exchange.Http.Response.ContentType = SessionDocument.JsonType;
        await exchange.Http.Response.StartAsync(exchange.Aborted);
        var writer = new SessionDocumentWriter(exchange.Http.Response.BodyWriter);
        var wanted = Wanted(exchange.Query.Text("items"));
        foreach (var item in session.Items)
            if (wanted is null || wanted.Contains(Encoding.UTF8.GetString(item.Key)))
                await writer.WriteItemAsync(item, exchange.Aborted);
        writer.Finish();
    }

    private static HashSet<string>? Wanted(string? items)
        => items is null ? null : new HashSet<string>(items.Split(',', StringSplitOptions.TrimEntries), StringComparer.Ordinal);

    private static Task ReadMetaAsync(Exchange exchange)
    {
        if (exchange.Engine.Describe(exchange.First) is not { } meta)
            return exchange.RefuseAsync(Problems.NotFound("No tier of the policy holds this session."));
        return JsonAnswer.WriteAsync(exchange.Http, 200, json => SessionMetaJson.Write(json, meta));
    }
}
