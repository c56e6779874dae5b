using System.Text;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Hosting;

public sealed class PolicyFolderTests : IDisposable
{
    // SHA-256 begins with ca978112, that is 3,398,926,610.
    private const string PodUid = "a";
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("0", "stable")]
    [InlineData("3398926610", "stable")]
    [InlineData("3398926611", "candidate")]
    [InlineData("4294967296", "candidate")]
    [InlineData("nonsense", "stable")]
    public void Read_Wave_DecidesByTheHashOfThePod(string wave, string expected)
    {
        Write(stable: "stable", candidate: "candidate", wave);

        Assert.Equal(expected, Encoding.UTF8.GetString(PolicyFolder.Read(_folder.File("policy"), PodUid)));
        Assert.Equal("stable", Encoding.UTF8.GetString(PolicyFolder.Read(_folder.File("policy"), null)));
    }

    [Fact]
    public void Read_MountedVersion_IsReadThroughTheLink()
    {
        Write("old", null, null);
        Directory.CreateDirectory(_folder.File("policy/v2"));
        _folder.Write("policy/v2/stable", "new");
        File.CreateSymbolicLink(_folder.File("policy/..data"), "v2");

        Assert.Equal("new", Encoding.UTF8.GetString(PolicyFolder.Read(_folder.File("policy"), PodUid)));
    }

    [Fact]
    public void ReadForStart_FaultyCandidate_StandsBackForTheStableOne()
    {
        Write(Policies.MemoryOnly, Policies.Faulty, "4294967296");

        Assert.Equal(Policies.MemoryOnly, Encoding.UTF8.GetString(PolicyFolder.ReadForStart(_folder.File("policy"), PodUid)));
    }

    [Fact]
    public async Task Run_EmptyFolder_BindsAndTakesThePolicyWhenItComes()
    {
        Directory.CreateDirectory(_folder.File("policy"));
        var (api, admin) = (FreePort(), FreePort());
        using var process = SidecarExecutable.Launch(["run", "--policy", _folder.File("policy"), "--api-port", $"{api}", "--admin-port", $"{admin}", "--resp-port", "0"], []);
        try
        {
            using var http = new HttpClient();
            await UntilAsync(http, $"http://127.0.0.1:{admin}/startupz", 200);
            using var waiting = await http.GetAsync($"http://127.0.0.1:{api}/v1/sessions/a");
            Assert.Equal(503, (int)waiting.StatusCode);
            Assert.Contains("nothing-to-run", await waiting.Content.ReadAsStringAsync(), StringComparison.Ordinal);

            Write(Policies.MemoryOnly, null, null);

            await UntilAsync(http, $"http://127.0.0.1:{api}/v1/sessions/a", 404);
        }
        finally
        {
            process.Kill();
        }
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string stable, string? candidate, string? wave)
    {
        Directory.CreateDirectory(_folder.File("policy"));
        _folder.Write("policy/stable", stable);
        if (candidate is not null) _folder.Write("policy/candidate", candidate);
        if (wave is not null) _folder.Write("policy/wave", wave);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task UntilAsync(HttpClient http, string url, int status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await timer.WaitForNextTickAsync(patience.Token))
        {
            try
            {
                using var answer = await http.GetAsync(url, patience.Token);
                if ((int)answer.StatusCode == status) return;
            }
            catch (HttpRequestException)
            {
                // Not bound yet.
            }
        }
    }
}
