using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Connection;

namespace TierOperator.Kubernetes.TestKit.Real;

/// <summary>
/// An etcd and a kube-apiserver of their own, from the folder that KUBEBUILDER_ASSETS names. No controllers run: what
/// they would make or collect stays away, as with the fake server. Both end with this process, however it ends.
/// </summary>
public sealed class RealApiServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kube-apiserver-").FullName;
    private readonly TestCertificates _certificates = new();
    private readonly List<GuardedProcess> _processes = [];

    private RealApiServer()
    {
    }

    /// <summary>Administrator, by a client certificate.</summary>
    public ClusterConnection Connection { get; private set; } = null!;

    /// <summary>A kubeconfig of the administrator, for kubectl and helm.</summary>
    public string KubeConfigPath => Path.Combine(_folder, "kubeconfig");

    public string Version { get; private set; } = "";

    public static async Task<RealApiServer> StartAsync(string assets)
    {
        var server = new RealApiServer();
        try
        {
            await server.LaunchAsync(assets);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        // The API server first: without its etcd it would only complain.
        foreach (var process in Enumerable.Reverse(_processes)) process.Dispose();
        _certificates.Dispose();
        Directory.Delete(_folder, true);
        return ValueTask.CompletedTask;
    }

    private async Task LaunchAsync(string assets)
    {
        var (etcd, peers, api) = (FreePort(), FreePort(), FreePort());
        Start(
            Path.Combine(assets, "etcd"), "etcd.log", "--data-dir", Path.Combine(_folder, "etcd"), "--unsafe-no-fsync",
            "--listen-client-urls", $"http://127.0.0.1:{etcd}", "--advertise-client-urls", $"http://127.0.0.1:{etcd}",
            "--listen-peer-urls", $"http://127.0.0.1:{peers}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{peers}",
            "--initial-cluster", $"default=http://127.0.0.1:{peers}");
        WriteCertificates();
        Start(
            Path.Combine(assets, "kube-apiserver"), "apiserver.log", "--etcd-servers", $"http://127.0.0.1:{etcd}", "--bind-address", "127.0.0.1",
            "--secure-port", api.ToString(), "--tls-cert-file", File("server.crt"), "--tls-private-key-file", File("server.key"),
            "--client-ca-file", File("ca.crt"), "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.0.0.0/24",
            "--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", File("accounts.key"),
            "--service-account-signing-key-file", File("accounts.key"), "--disable-admission-plugins", "ServiceAccount",
            "--allow-privileged", "--cert-dir", File("own"));
        Connection = KubeConfig.Load(WriteKubeConfig(api), null, TimeProvider.System);
        await WaitUntilReadyAsync();
    }

    private void WriteCertificates()
    {
        using var server = _certificates.ForServer();
        using var admin = _certificates.ForClient("admin", "system:masters");
        using var accounts = RSA.Create(2048);
        System.IO.File.WriteAllText(File("ca.crt"), _certificates.AuthorityPem);
        System.IO.File.WriteAllText(File("server.crt"), server.ExportCertificatePem());
        System.IO.File.WriteAllText(File("server.key"), TestCertificates.KeyPem(server));
        System.IO.File.WriteAllText(File("admin.crt"), admin.ExportCertificatePem());
        System.IO.File.WriteAllText(File("admin.key"), TestCertificates.KeyPem(admin));
        System.IO.File.WriteAllText(File("accounts.key"), accounts.ExportRSAPrivateKeyPem());
    }

    private string WriteKubeConfig(int port)
    {
        System.IO.File.WriteAllText(KubeConfigPath, $"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts:
            - name: test
              context:
                cluster: test
                user: admin
            clusters:
            - name: test
              cluster:
                server: https://127.0.0.1:{port}
                certificate-authority: ca.crt
            users:
            - name: admin
              user:
                client-certificate: admin.crt
                client-key: admin.key
            """);
        return KubeConfigPath;
    }

    private async Task WaitUntilReadyAsync()
    {
        using var client = new KubeClient(Connection, new KubeClientOptions { RequestTimeout = TimeSpan.FromSeconds(5) });
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                Version = (await client.GetPathAsync("version", default))["gitVersion"]!.GetValue<string>();
                await client.GetPathAsync("api/v1/namespaces/default", default);
                return;
            }
            catch (KubeApiException) when (clock.Elapsed < TimeSpan.FromSeconds(90) && !_processes.Exists(process => process.HasExited))
            {
                await Task.Delay(100);
            }
            catch (KubeApiException error)
            {
                throw new InvalidOperationException($"the API server did not become ready: {error.Message}\n{string.Join('\n', _processes.Select(process => process.Tail()))}", error);
            }
        }
    }

    private void Start(string program, string log, params string[] arguments) =>
        _processes.Add(new GuardedProcess(program, _folder, log, arguments));

    private string File(string name) => Path.Combine(_folder, name);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
