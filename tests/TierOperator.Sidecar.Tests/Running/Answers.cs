using System.Net;
using System.Text.Json;

namespace TierOperator.Sidecar.Tests.Running;

/// <summary>What tests ask of an answer.</summary>
internal static class Answers
{
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    /// <summary>Asserts a problem of a status and slug, with a detail.</summary>
    public static async Task<string> AssertProblemAsync(this Task<HttpResponseMessage> sending, int status, string slug)
    {
        using var response = await sending;
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((HttpStatusCode)status == response.StatusCode, $"wanted {status} {slug}, got {(int)response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(text);
        Assert.Equal($"https://tieroperator.io/problems/{slug}", problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        return problem.RootElement.GetProperty("detail").GetString()!;
    }

    /// <summary>Asserts that the last answer on a connection is a problem of a status, as long as it says.</summary>
    public static void AssertProblem(this string answers, string status)
    {
        var answer = answers[Math.Max(0, answers.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal))..];
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        var parts = answer.Split("\r\n\r\n", 2);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", parts[0], StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {parts[1].Length}", parts[0], StringComparison.Ordinal);
        using var problem = JsonDocument.Parse(parts[1]);
        Assert.Equal(status, $"{problem.RootElement.GetProperty("status").GetInt32()}");
        Assert.NotEmpty(problem.RootElement.GetProperty("detail").GetString()!);
    }

    public static string? Header(this HttpResponseMessage response, string name)
        => response.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;

    public static async Task AssertStatusAsync(this Task<HttpResponseMessage> sending, int status)
    {
        using var response = await sending;
        Assert.True(status == (int)response.StatusCode, $"wanted {status}, got {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }
}
