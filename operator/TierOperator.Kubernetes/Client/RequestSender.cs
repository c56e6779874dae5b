using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using TierOperator.Kubernetes.Connection;

namespace TierOperator.Kubernetes.Client;

/// <summary>
/// Sends a request until it has an answer or an error for the caller:
/// 1. the credentials of the moment are added; a 401 has them read again, once;
/// 2. a 429 or 503 that says when to come back is waited for, at start as well as later;
/// 3. everything else that is no success becomes a <see cref="KubeApiException"/> with the server's words.
/// </summary>
internal sealed class RequestSender(HttpClient http, IClusterCredentials credentials, KubeClientOptions options, TimeProvider time)
{
    private const int MostErrorBytes = 256 * 1024;

    /// <summary>Gives the answer once its head is there. The caller disposes it, and bounds the time with its token.</summary>
    public async Task<HttpResponseMessage> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var refreshed = false;
        for (var attempt = 1; ; attempt++)
        {
            var response = await SendOnceAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode) return response;
            var fault = await ReadFaultAsync(request, response, cancellationToken);
            if (response.StatusCode == HttpStatusCode.Unauthorized && !refreshed)
            {
                refreshed = true;
                credentials.Forget();
                continue;
            }

            if (!MayComeBack(fault, attempt)) throw new KubeApiException(fault);
            await Task.Delay(Wait(fault.RetryAfter!.Value), time, cancellationToken);
        }
    }

    /// <summary>Sends a request and reads its whole answer within the time that requests have.</summary>
    public async Task<T> SendAsync<T>(ApiRequest request, Func<Stream, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var response = await SendAsync(request, either.Token);
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            return await read(body, either.Token);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KubeApiException(new ApiFault(request.ToString(), null, "Timeout", $"no answer within {options.RequestTimeout}"), error);
        }
        catch (Exception error) when (IsBroken(error))
        {
            throw Unreachable(request, error);
        }
    }

    /// <summary>The connection broke, or what came over it was cut off.</summary>
    public static bool IsBroken(Exception error) => error is HttpRequestException or IOException or JsonException;

    public static KubeApiException Unreachable(ApiRequest request, Exception error) =>
        new(new ApiFault(request.ToString(), null, "Unreachable", $"the API server cannot be reached, or its answer was cut: {error.Message}"), error);

    private async Task<HttpResponseMessage> SendOnceAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        using var message = request.ToMessage();
        var token = await credentials.GetTokenAsync(cancellationToken);
        if (token is not null) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private bool MayComeBack(ApiFault fault, int attempt) =>
        fault.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
        && fault.RetryAfter is not null && attempt < options.MostAttempts;

    /// <summary>A little more than was asked, so that those who were sent away together do not come back together.</summary>
    private TimeSpan Wait(TimeSpan asked) =>
        (asked < options.LongestRetryAfter ? asked : options.LongestRetryAfter) + TimeSpan.FromMilliseconds(Random.Shared.Next(100));

    private static async Task<ApiFault> ReadFaultAsync(ApiRequest request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using (response)
        {
            var body = await ReadBoundedAsync(response, cancellationToken);
            var fault = ApiFault.Read(request.ToString(), response.StatusCode, body);
            return RetryAfterOf(response) is { } wait ? fault with { RetryAfter = wait } : fault;
        }
    }

    private static TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter?.Delta;

    /// <summary>A proxy before the API server may answer with a page of HTML, or with something endless.</summary>
    private static async Task<JsonElement> ReadBoundedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MostErrorBytes);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await body.ReadAtLeastAsync(buffer.AsMemory(0, MostErrorBytes), MostErrorBytes, false, cancellationToken);
            using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
