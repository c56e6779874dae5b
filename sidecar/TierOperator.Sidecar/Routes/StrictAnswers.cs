using System.Globalization;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// Refuses answers whose end nobody can know for certain: two lengths that differ, or none that is a number. Whoever believed one of them
/// could take the rest for the next answer. And those with a status below 100, which no answer to a client could carry on. Source:
/// RFC 9112, 4 and 6.3.
/// </summary>
internal sealed class StrictAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string Length = "Content-Length";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if ((int)response.StatusCode < 100) throw Refuse(response, "The origin's status is none.");
        if (!response.Content.Headers.NonValidated.TryGetValues(Length, out var said)) return response;
        if (response.Headers.TransferEncodingChunked == true)
        {
            // The chunks count, and what they overrule is not passed on.
            response.Content.Headers.Remove(Length);
            return response;
        }

        if (said.Count == 1 && IsNumber(said.ToString())) return response;
        var lengths = said.SelectMany(line => line.Split(',', StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal).ToList();
        if (lengths is [var one] && IsNumber(one))
        {
            response.Content.Headers.Remove(Length);
            response.Content.Headers.TryAddWithoutValidation(Length, one);
            return response;
        }

        throw Refuse(response, "The origin says more than one length.");
    }

    private static HttpRequestException Refuse(HttpResponseMessage response, string why)
    {
        response.Dispose();
        return new HttpRequestException(HttpRequestError.InvalidResponse, why);
    }

    private static bool IsNumber(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
