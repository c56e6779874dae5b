using System.Net;

namespace TierOperator.EndToEnd.Tests;

/// <summary>
/// A client with keys of its own, which remembers what was acknowledged. A call without an answer, or with 202, may or may
/// not have happened; every other one has the effect that its answer says.
/// </summary>
internal sealed class CrashWriter(int number, int seed)
{
    private const int Sessions = 6;
    private const int Items = 3;
    private readonly Random _random = new(seed);

    /// <summary>By path: the values that it may have. Null is absent; a path never written is absent.</summary>
    private readonly Dictionary<string, List<byte[]?>> _possible = [];

    public int Acknowledged { get; private set; }

    public async Task WriteAsync(HttpClient client, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var session = $"/v1/sessions/crash-{number}-{_random.Next(Sessions)}";
            var item = $"{session}/items/{_random.Next(Items)}";
            try
            {
                switch (_random.Next(10))
                {
                    case 0:
                        await ChangeAsync(session, Paths(session), value: null, () => client.DeleteAsync(session, CancellationToken.None));
                        break;
                    case 1:
                        await ChangeAsync(item, [item], value: null, () => client.DeleteAsync(item, CancellationToken.None));
                        break;
                    default:
                        var value = Value();
                        await ChangeAsync(item, [item], value, () => client.PutAsync(item, new ByteArrayContent(value), CancellationToken.None));
                        break;
                }
            }
            catch (HttpRequestException)
            {
                return; // the process is dead; what was under way is doubtful
            }
        }
    }

    /// <summary>Reads everything back; the first difference, or null. What is read is what holds from here on.</summary>
    public async Task<string?> DifferenceAsync(HttpClient client)
    {
        foreach (var (path, possible) in _possible)
        {
            using var answer = await client.GetAsync(path);
            if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound)) return $"{path}: {answer.StatusCode}";
            var found = answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadAsByteArrayAsync() : null;
            if (!possible.Exists(value => value is null ? found is null : found is not null && value.AsSpan().SequenceEqual(found)))
                return $"{path}: found {Text(found)}, acknowledged was {string.Join(" or ", possible.Select(Text))}";
            possible.Clear();
            possible.Add(found);
        }

        return null;
    }

    private async Task ChangeAsync(string path, string[] paths, byte[]? value, Func<Task<HttpResponseMessage>> call)
    {
        foreach (var changed in paths)
        {
            if (!_possible.TryGetValue(changed, out var possible)) _possible[changed] = possible = [null];
            possible.Add(value);
        }

        using var answer = await call();
        if (answer.StatusCode == HttpStatusCode.Accepted || (int)answer.StatusCode >= 500) return;
        if (answer.StatusCode == HttpStatusCode.TooManyRequests)
        {
            // Large bodies at once, and memory is small: nothing was written.
            foreach (var changed in paths) _possible[changed].RemoveAt(_possible[changed].Count - 1);
            return;
        }

        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        Acknowledged++;
        foreach (var changed in paths) _possible[changed] = [value];
    }

    private byte[] Value()
    {
        var value = new byte[_random.Next(8) == 0 ? _random.Next(60_000, 150_000) : _random.Next(0, 3_000)];
        _random.NextBytes(value);
        return value;
    }

    private static string[] Paths(string session) => [.. Enumerable.Range(0, Items).Select(item => $"{session}/items/{item}")];

    private static string Text(byte[]? value) => value is null ? "nothing" : $"{value.Length} bytes {Convert.ToHexString(value.AsSpan(0, Math.Min(8, value.Length)))}";
}
