using TierOperator.Kubernetes.TestKit.Real;

namespace TierOperator.Kubernetes.Connection;

public sealed class KubeConfigTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kubeconfig-");

    public void Dispose() => _folder.Delete(true);

    [Theory]
    [InlineData("fd00::1", "https://[fd00::1]:443/")]
    [InlineData("10.0.0.1", "https://10.0.0.1/")]
    [InlineData("kubernetes.default", "https://kubernetes.default/")]
    public void AddressOf_HostOfThePod_IsAUrl(string host, string expected)
    {
        Assert.Equal(new Uri(expected), InCluster.AddressOf(host, "443"));
    }

    [Fact]
    public void Load_ClientCertificateBesideTheFile_IsUsed()
    {
        using var certificates = new TestCertificates();
        using var client = certificates.ForClient("me", "admins");
        Write("ca.crt", certificates.AuthorityPem);
        Write("me.crt", client.ExportCertificatePem());
        Write("me.key", TestCertificates.KeyPem(client));

        var connection = Load(Config("certificate-authority: ca.crt", "client-certificate: me.crt, client-key: me.key"));

        Assert.True(connection.Credentials.ClientCertificate!.HasPrivateKey);
        Assert.Equal(client.Thumbprint, connection.Credentials.ClientCertificate.Thumbprint);
        Assert.NotNull(connection.Authority);
        Assert.Equal("shop", connection.Namespace);
    }

    [Fact]
    public async Task Load_ExecPlugin_GivesItsToken()
    {
        Write("plugin.sh", """
            echo "run" >> "$(dirname "$0")/runs"
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-'$KIND'"}}'
            """);
        var connection = Load(Config("insecure-skip-tls-verify: true",
            $"exec: {{apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: [{PathOf("plugin.sh")}], env: [{{name: KIND, value: plugin}}]}}"));

        var first = await connection.Credentials.GetTokenAsync(default);
        var second = await connection.Credentials.GetTokenAsync(default);
        connection.Credentials.Forget();
        await connection.Credentials.GetTokenAsync(default);

        Assert.Equal(("from-plugin", "from-plugin"), (first, second));
        Assert.Equal(2, (await File.ReadAllLinesAsync(PathOf("runs"))).Length);
    }

    [Theory]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, command: ./none.sh, installHint: get it}", "get it")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/false}", "ended with 1")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/echo}", "no ExecCredential")]
    public async Task Load_ExecPluginThatFails_SaysWhy(string user, string expected)
    {
        var connection = Load(Config("insecure-skip-tls-verify: true", user));

        var error = await Assert.ThrowsAsync<ConnectionException>(async () => await connection.Credentials.GetTokenAsync(default));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}", "v1 and v1beta1")]
    [InlineData("auth-provider: {name: gcp}", "exec plugin")]
    [InlineData("client-certificate-data: x", "no base64")]
    [InlineData("client-certificate-data: aGk=", "both client-certificate and client-key")]
    public void Load_UserThatCannotBeUsed_SaysWhatToDo(string user, string expected)
    {
        var error = Assert.Throws<ConnectionException>(() => Load(Config("insecure-skip-tls-verify: true", user)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoSuchContext_NamesIt()
    {
        Write("config", Config("insecure-skip-tls-verify: true", "token: x"));

        var error = Assert.Throws<ConnectionException>(() => KubeConfig.Load(PathOf("config"), "other", TimeProvider.System));

        Assert.Contains("`other`", error.Message, StringComparison.Ordinal);
    }

    private static string Config(string cluster, string user) => $$"""
        apiVersion: v1
        kind: Config
        current-context: one
        contexts: [{name: one, context: {cluster: c, user: u, namespace: shop} }]
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:1", {{cluster}} } }]
        users: [{name: u, user: { {{user}} } }]
        """;

    private ClusterConnection Load(string config)
    {
        Write("config", config);
        return KubeConfig.Load(PathOf("config"), null, TimeProvider.System);
    }

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
