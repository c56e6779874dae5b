using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace TierOperator.Benchmarks.Servers;

/// <summary>
/// A Kestrel endpoint that does nothing but answer: the same 1 KiB and headers to every path, as a memory hit of the sidecar
/// has them. What it reaches is what the HTTP server costs on this machine; the sidecar is judged by its share of that.
/// With a store, it keeps what is put in a plain dictionary: a target to try the load program on.
/// </summary>
internal static class BareServer
{
    private const int BodyBytes = 1024;

    public static WebApplication Build(int port, bool withStore)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => Configure(options, port));
        var app = builder.Build();
        app.Run(withStore ? Store() : Fixed());
        return app;
    }

    // Kept the same as the sidecar's API listener.
    private static void Configure(KestrelServerOptions options, int port)
    {
        options.AddServerHeader = false;
        options.AllowResponseHeaderCompression = false;
        options.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
    }

    private static RequestDelegate Fixed()
    {
        var body = new byte[BodyBytes];
        new Random(1).NextBytes(body);
        return context =>
        {
            WriteHeaders(context.Response, body.Length);
            context.Response.BodyWriter.Write(body);
            return Task.CompletedTask;
        };
    }

    private static RequestDelegate Store()
    {
        var items = new ConcurrentDictionary<string, byte[]>(StringComparer.Ordinal);
        return async context =>
        {
            var path = context.Request.Path.Value ?? "";
            if (HttpMethods.IsPut(context.Request.Method))
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                items[path] = body.ToArray();
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            if (!items.TryGetValue(path, out var value))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            WriteHeaders(context.Response, value.Length);
            await context.Response.BodyWriter.WriteAsync(value, context.RequestAborted);
        };
    }

    private static void WriteHeaders(HttpResponse response, int length)
    {
        var headers = response.Headers;
        headers.ContentType = "application/octet-stream";
        headers.ContentLength = length;
        headers.ETag = "\"0000019aa5e1c0de0001\"";
        headers.Age = "1";
        headers["Tier-Source"] = "memory";
        headers["Tier-Rule"] = "everything";
    }
}
