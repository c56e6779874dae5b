using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar.Commands.Client;

/// <summary>Speaks to a running sidecar for the command line. What it refuses becomes a <see cref="StartFault"/> with its own words.</summary>
internal sealed class SidecarClient : IDisposable
{
    private const int CopyBytes = 64 * 1024;
    private readonly HttpClient _http;
    private readonly Uri _url;

    public SidecarClient(Uri url, string? token)
    {
        _url = url;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (token is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Calls and reads a JSON answer. The caller disposes it.</summary>
    public async Task<JsonDocument> CallAsync(HttpMethod method, string path, string? json, CancellationToken cancellation)
    {
        using var response = await SendAsync(method, path, json, cancellation);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            return await JsonDocument.ParseAsync(body, default, cancellation);
        }
        catch (JsonException)
        {
            throw NoSidecar(response);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw BrokenOff(e);
        }
    }

    /// <summary>Calls and copies the answer as it is.</summary>
    public async Task CopyAsync(string path, Stream target, CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[CopyBytes];
        while (await ReadAsync(body, buffer, cancellation) is > 0 and var count) await target.WriteAsync(buffer.AsMemory(0, count), cancellation);
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json, CancellationToken cancellation)
    {
        // As it is: otherwise sessions named "." and ".." would be taken for steps between folders.
        var target = new Uri(_url.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(method, target);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException e)
        {
            throw new StartFault(ExitCode.Usage, e.InnerException is SocketException
                ? $"nothing listens at {_url}: is the sidecar running? Start it with: tier run --policy FILE. If it listens elsewhere, name it with --url."
                : $"{_url} did not answer: {e.Message}");
        }

        if (response.IsSuccessStatusCode) return response;
        using (response) throw await RefusalAsync(response, cancellation);
    }

    private static async Task<StartFault> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            if (JsonNode.Parse(text) is not JsonObject problem || problem["title"] is not { } title || problem["detail"] is not { } detail) return NoSidecar(response);
            var message = $"{title.GetValue<string>()}: {detail.GetValue<string>()}";
            if (response.Headers.ETag is { } tag && problem["versions"] is JsonArray versions)
            {
                problem["etag"] = tag.Tag; // what decides stands in a header, which a command has no other place for
                message += $" ETag: {tag.Tag}. Versions: {versions.ToJsonString()}";
            }

            return new StartFault(ExitCode.Refused, message) { Problem = problem };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return NoSidecar(response);
        }
    }

    // Apart from the writing, so that a full disk is not taken for a broken connection.
    private static async ValueTask<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw BrokenOff(e);
        }
    }

    private static StartFault NoSidecar(HttpResponseMessage response)
        => new(ExitCode.Refused, $"the answer was {(int)response.StatusCode} and no sidecar's: is this the API port?");

    private static StartFault BrokenOff(Exception e)
        => new(ExitCode.Usage, $"the answer broke off: {e.Message}");
}
