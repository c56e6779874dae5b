using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// Refuses answers whose end nobody can know for certain: two lengths that differ, or none that is a number. Whoever believed one of them
/// could take the rest for the next answer. Those in another transfer coding than chunked: nobody asked for it, and without its name, which is
/// not passed on, the body would be taken for what it is not. And those with a status below 100 or control characters in a field, which no
/// answer to a client could carry on. Source: RFC 9110, 5.5; RFC 9112, 4, 6.1 and 6.3.
/// </summary>
internal sealed class StrictAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly SearchValues<char> s_controls = SearchValues.Create([.. Enumerable.Range(0, 32).Where(code => code != '\t').Select(code => (char)code), '\x7f']);

    private const string Length = "Content-Length", Coding = "Transfer-Encoding";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if ((int)response.StatusCode < 100) throw Refuse(response, "The origin's status is none.");
        if (response.Headers.NonValidated.TryGetValues(Coding, out var codings) && !IsChunked(codings)) throw Refuse(response, "The origin's transfer coding is not chunked alone.");
        if (HasControls(response.Headers.NonValidated) || HasControls(response.Content.Headers.NonValidated)) throw Refuse(response, "The origin's fields hold control characters.");
        if (response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.ResetContent) return WithoutContent(response);
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

    // Whatever the fields of these say, they have none, and the server would not let any out: RFC 9110, 8.6, 15.3.5 and 15.3.6.
    private static HttpResponseMessage WithoutContent(HttpResponseMessage response)
    {
        using var said = response.Content;
        response.Content = new ByteArrayContent([]);
        foreach (var (name, values) in said.Headers.NonValidated)
            if (!name.Equals(Length, StringComparison.OrdinalIgnoreCase)) response.Content.Headers.TryAddWithoutValidation(name, values);
        response.Headers.TransferEncoding.Clear();
        return response;
    }

    private static HttpRequestException Refuse(HttpResponseMessage response, string why)
    {
        response.Dispose();
        return new HttpRequestException(HttpRequestError.InvalidResponse, why);
    }

    private static bool HasControls(HttpHeadersNonValidated fields)
    {
        foreach (var (_, values) in fields)
            foreach (var value in values)
                if (value.AsSpan().ContainsAny(s_controls)) return true;
        return false;
    }

    private static bool IsChunked(HeaderStringValues codings) => codings.Count == 1 && codings.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase);

    private static bool IsNumber(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
