using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace TierOperator.Benchmarks.Servers;

/// <summary>Answers every request with the same 1 KiB and the headers of a memory hit.</summary>
internal sealed class FixedAnswer : IHttpApplication<IFeatureCollection>
{
    private readonly byte[] body = new byte[1024];

    public FixedAnswer() => new Random(1).NextBytes(body);

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        Write(context, body);
        return Task.CompletedTask;
    }

    public void DisposeContext(IFeatureCollection context, Exception? exception) { }

    /// <summary>The headers that the sidecar sends with a memory hit, of the same lengths, then the body.</summary>
    public static void Write(IFeatureCollection context, byte[] body)
    {
        var headers = context.Get<IHttpResponseFeature>()!.Headers;
        headers.ETag = "\"019aa5e1c0de00011a2b3c4d\"";
        headers.Age = "1";
        headers["Tier-Source"] = "memory";
        headers["Tier-Rule"] = "everything";
        headers.ContentType = "application/octet-stream";
        headers.ContentLength = body.Length;
        var writer = context.Get<IHttpResponseBodyFeature>()!.Writer;
        body.CopyTo(writer.GetSpan(body.Length));
        writer.Advance(body.Length);
    }
}

/// <summary>Keeps what is put in a plain dictionary: a target to try the load program on, where there is no sidecar.</summary>
internal sealed class DictionaryStore : IHttpApplication<IFeatureCollection>
{
    private readonly ConcurrentDictionary<string, byte[]> items = new(StringComparer.Ordinal);

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public async Task ProcessRequestAsync(IFeatureCollection context)
    {
        var request = context.Get<IHttpRequestFeature>()!;
        if (HttpMethods.IsPut(request.Method))
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            items[request.Path] = body.ToArray();
            context.Get<IHttpResponseFeature>()!.StatusCode = StatusCodes.Status204NoContent;
        }
        else if (items.TryGetValue(request.Path, out var value))
        {
            FixedAnswer.Write(context, value);
        }
        else
        {
            context.Get<IHttpResponseFeature>()!.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    public void DisposeContext(IFeatureCollection context, Exception? exception) { }
}
