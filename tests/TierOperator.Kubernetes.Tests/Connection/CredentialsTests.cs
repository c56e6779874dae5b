using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.TestKit;
using TierOperator.Kubernetes.TestKit.Real;
using TierOperator.TestKit;
using TierOperator.TestKit.Redis;

namespace TierOperator.Kubernetes.Connection;

public sealed class CredentialsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("credentials-");
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Delete(true);

    [Fact]
    public async Task TokenFile_RenewedToken_IsReadWithinAMinute()
    {
        Write("token", "one");
        var credentials = new TokenFile(PathOf("token"), _time);
        var before = await credentials.GetTokenAsync(default);

        Write("token", "two\n");
        _time.Advance(TimeSpan.FromSeconds(59));

        Assert.Equal(("one", "two"), (before, await credentials.GetTokenAsync(default)));
    }

    [Fact]
    public async Task TokenFile_GoneForAMoment_KeepsTheTokenFromBefore()
    {
        Write("token", "one");
        var credentials = new TokenFile(PathOf("token"), _time);
        await credentials.GetTokenAsync(default);

        File.Delete(PathOf("token"));
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("one", await credentials.GetTokenAsync(default));
    }

    [Fact]
    public async Task Send_TokenThatIsRefused_IsReadAgainOnceAndTheRequestGoesThrough()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.AcceptedToken = "two";
        Write("token", "one");
        using var client = new KubeClient(server.Connection with { Credentials = new TokenFile(PathOf("token"), _time) });
        await Assert.ThrowsAsync<KubeApiException>(() => client.GetPathAsync("version", default));
        var refused = server.Calls.Count;

        Write("token", "two");
        await client.GetPathAsync("version", default);

        Assert.Equal(2, refused);
    }

    [Fact]
    public async Task Send_ServerOfAnotherAuthority_IsNotTrusted()
    {
        using var theirs = new TestCertificates("theirs");
        using var others = new TestCertificates("others");
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = theirs.ForServer() });
        using var client = new KubeClient(server.Connection with { Authority = CertificateAuthority.OfPem(others.AuthorityPem) });

        var error = await Assert.ThrowsAsync<KubeApiException>(() => client.GetPathAsync("version", default));

        Assert.Equal("Unreachable", error.Fault.Reason);
    }

    [Fact]
    public async Task Send_AuthorityChangesInItsFile_IsTrustedWithinAMinute()
    {
        using var old = new TestCertificates("old");
        using var current = new TestCertificates("current");
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = current.ForServer() });
        Write("ca.crt", old.AuthorityPem);
        using var client = new KubeClient(server.Connection with { Authority = CertificateAuthority.OfFile(PathOf("ca.crt"), _time) });
        await Assert.ThrowsAsync<KubeApiException>(() => client.GetPathAsync("version", default));

        Write("ca.crt", current.AuthorityPem);
        _time.Advance(TimeSpan.FromSeconds(59));

        Assert.NotNull(await client.GetPathAsync("version", default));
    }

    [Fact]
    public async Task Send_CertificateOfAnotherName_IsRefusedUnlessItIsTheNameToExpect()
    {
        using var certificates = new TestCertificates();
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificates.ForServer("api.example") });
        var authority = CertificateAuthority.OfPem(certificates.AuthorityPem);
        using var strict = new KubeClient(server.Connection with { Authority = authority });
        using var told = new KubeClient(server.Connection with { Authority = authority, TlsServerName = "api.example" });
        using var toldWrong = new KubeClient(server.Connection with { Authority = authority, TlsServerName = "other.example" });

        await Assert.ThrowsAsync<KubeApiException>(() => strict.GetPathAsync("version", default));
        await Assert.ThrowsAsync<KubeApiException>(() => toldWrong.GetPathAsync("version", default));

        Assert.NotNull(await told.GetPathAsync("version", default));
    }

    [Fact]
    public async Task Watches_MoreThanAConnectionHasStreams_DoNotStarveARequest()
    {
        using var certificates = new TestCertificates();
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificates.ForServer(), StreamsPerConnection = 2 });
        var client = new KubeClient(server.Connection with { Authority = CertificateAuthority.OfPem(certificates.AuthorityPem) });
        using var stop = new CancellationTokenSource();
        var watches = Enumerable.Range(0, 5).Select(_ => DrainAsync(client, stop.Token)).ToList();
        await Eventually.HoldsAsync(() => server.OpenWatches == 5);

        var answer = await client.GetPathAsync("version", default);

        Assert.NotNull(answer);
        await stop.CancelAsync();
        await Task.WhenAll(watches);
        client.Dispose();
    }

    [Fact]
    public async Task Watch_ConnectionThatGoesSilent_DiesByItsPings()
    {
        using var certificates = new TestCertificates();
        await using var server = await FakeApiServer.StartAsync(new FakeApiServerOptions { Certificate = certificates.ForServer() });
        await using var way = new CuttingProxy(server.Address.Port);
        var connection = server.Connection with { Server = new Uri($"https://localhost:{way.Port}/"), Authority = CertificateAuthority.OfPem(certificates.AuthorityPem) };
        var client = new KubeClient(connection, new KubeClientOptions { PingAfter = TimeSpan.FromSeconds(1), PingPatience = TimeSpan.FromSeconds(1) });
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60)); // far below the watch's own five minutes
        var watch = DrainAsync(client, patience.Token);
        await Eventually.HoldsAsync(() => server.OpenWatches == 1);

        way.Freeze();

        var error = await Assert.ThrowsAsync<KubeApiException>(() => watch);
        Assert.Equal("Unreachable", error.Fault.Reason);
        client.Dispose();
    }

    private static async Task DrainAsync(KubeClient client, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in client.WatchAsync(Kept.ConfigMaps, ListScope.Everything, "1", cancellationToken)) Assert.NotEqual("", happened.ResourceVersion);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // As asked.
        }
    }

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
