using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Connection;

/// <summary>
/// Credentials from a plugin program: kept until shortly before they expire, or until the server refuses them. One run at
/// a time, however many requests wait.
/// </summary>
internal sealed class ExecCredentials(ExecPlugin plugin, TimeProvider time) : IClusterCredentials, IDisposable
{
    private static readonly TimeSpan RunTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _running = new(1, 1);
    private volatile Issued? _issued;

    public X509Certificate2? ClientCertificate => _issued?.Certificate;

    public async ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken)
    {
        if (Usable() is { } issued) return issued.Token;
        await _running.WaitAsync(cancellationToken);
        try
        {
            return (Usable() ?? (_issued = await RunAsync(cancellationToken))).Token;
        }
        finally
        {
            _running.Release();
        }
    }

    public void Forget() => _issued = null;

    public void Dispose() => _running.Dispose();

    private Issued? Usable() => _issued is { } issued && (issued.ExpiresAt is null || issued.ExpiresAt - ExpiryMargin > time.GetUtcNow()) ? issued : null;

    private async Task<Issued> RunAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(RunTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var process = Start();
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(either.Token);
            var errors = process.StandardError.ReadToEndAsync(either.Token);
            await process.WaitForExitAsync(either.Token);
            if (process.ExitCode != 0) throw new ConnectionException($"the credential plugin {plugin.Command} ended with {process.ExitCode}: {(await errors).Trim()}");
            return Parse(await output);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionException($"the credential plugin {plugin.Command} gave no answer within {RunTimeout}");
        }
        finally
        {
            if (!process.HasExited) process.Kill(true);
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(plugin.Command)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in plugin.Arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in plugin.Environment) start.Environment[name] = value;
        start.Environment["KUBERNETES_EXEC_INFO"] = new JsonObject
        {
            ["apiVersion"] = plugin.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = new JsonObject { ["interactive"] = false },
        }.ToJsonString();
        try
        {
            return Process.Start(start) ?? throw new ConnectionException($"the credential plugin {plugin.Command} did not start");
        }
        catch (Win32Exception error)
        {
            throw new ConnectionException($"the credential plugin {plugin.Command} cannot be run: {error.Message}. {plugin.InstallHint}".TrimEnd(), error);
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The certificate belongs to what is returned, and lives as long as connections may show it.")]
    private Issued Parse(string output)
    {
        try
        {
            using var document = JsonDocument.Parse(output);
            var status = JsonFields.Object(document.RootElement, "status");
            var (token, pem, key) = (JsonFields.Text(status, "token"), JsonFields.Text(status, "clientCertificateData"), JsonFields.Text(status, "clientKeyData"));
            if (token is null && (pem is null || key is null)) throw new ConnectionException($"the credential plugin {plugin.Command} gave neither token nor certificate");
            var certificate = pem is not null && key is not null ? UserCredentials.CertificateOf(pem, key, plugin.Command) : null;
            return new Issued(token, certificate, JsonFields.Time(status, "expirationTimestamp"));
        }
        catch (JsonException error)
        {
            throw new ConnectionException($"the credential plugin {plugin.Command} gave no ExecCredential", error);
        }
    }

    private sealed record Issued(string? Token, X509Certificate2? Certificate, DateTimeOffset? ExpiresAt);
}
