using System.Net;
using System.Text.Json;
using TierOperator.Sidecar.Http;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Http;

public sealed class OpenApiTests
{
    private static readonly string[] s_methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"];

    [Fact]
    public async Task Document_AndTable_ListTheSameCalls()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);

        var documented = await DocumentedAsync(sidecar);

        Assert.Equal(ApiCalls.Create().Calls.Select(call => (call.Method, call.Path, call.Name)).Order(), documented.Order());
    }

    [Fact]
    public async Task EveryPath_TakesItsDocumentedMethodsAndNoOther()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        foreach (var path in (await DocumentedAsync(sidecar)).GroupBy(call => call.Path, call => call.Method))
            foreach (var method in s_methods)
            {
                var target = path.Key.Replace('{', 'x').Replace('}', 'x');
                using var response = await sidecar.SendAsync(new HttpMethod(method), target);
                var isServed = response.StatusCode != HttpStatusCode.MethodNotAllowed
                    && !(await response.Content.ReadAsStringAsync()).Contains("problems/no-route", StringComparison.Ordinal);
                Assert.True(path.Contains(method) == isServed, $"{method} {path.Key} gave {(int)response.StatusCode}");
                if (!isServed) Assert.Equal(path.Order(), response.Content.Headers.Allow.Order());
            }
    }

    [Fact]
    public async Task EveryReference_LeadsSomewhere()
    {
        await using var sidecar = await RunningSidecar.StartAsync(Policies.MemoryOnly);
        var document = await ReadAsync(sidecar);

        var references = References(document).Distinct().ToList();

        Assert.NotEmpty(references);
        foreach (var reference in references)
        {
            var at = document;
            foreach (var step in reference[2..].Split('/')) at = at.GetProperty(step);
        }
    }

    [Fact]
    public async Task EveryCallAndProblem_IsOnItsPage()
    {
        var page = await File.ReadAllTextAsync(Repository.PathOf("docs/http-api.md"));

        foreach (var slug in ProblemSlugs()) Assert.Contains($"`{slug}`", page, StringComparison.Ordinal);
        foreach (var call in ApiCalls.Create().Calls) Assert.Contains($"`{call.Method} {call.Path}`", page, StringComparison.Ordinal);
    }

    private static IEnumerable<string> ProblemSlugs()
    {
        foreach (var method in typeof(Problems).GetMethods().Where(method => method.ReturnType == typeof(Problem)))
        {
            var arguments = method.GetParameters().Select(parameter =>
                parameter.ParameterType == typeof(string) ? "x"
                : parameter.ParameterType == typeof(IEnumerable<string>) ? Array.Empty<string>()
                : Activator.CreateInstance(parameter.ParameterType)).ToArray();
            yield return ((Problem)method.Invoke(null, arguments)!).Slug;
        }
    }

    private static async Task<JsonElement> ReadAsync(RunningSidecar sidecar)
    {
        using var response = await sidecar.Http.GetAsync("/v1/openapi.json");
        return await response.JsonAsync();
    }

    private static async Task<List<(string Method, string Path, string Name)>> DocumentedAsync(RunningSidecar sidecar)
        => [.. from path in (await ReadAsync(sidecar)).GetProperty("paths").EnumerateObject()
               from member in path.Value.EnumerateObject()
               where member.Name != "parameters"
               select (member.Name.ToUpperInvariant(), path.Name, member.Value.GetProperty("operationId").GetString()!)];

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
