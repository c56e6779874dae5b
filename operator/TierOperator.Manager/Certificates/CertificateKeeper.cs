using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Client;
using TierOperator.Kubernetes.Objects;
using TierOperator.Manager.Hosting;
using TierOperator.Manager.Metrics;

namespace TierOperator.Manager.Certificates;

/// <summary>
/// Keeps the webhook's certificates: every replica serves the leaf of the Secret, and looks for a new one twice a minute;
/// the leader renews, and writes the bundle into the webhook configurations. Any replica may make the first ones: until
/// there are some, no webhook works.
/// </summary>
internal sealed partial class CertificateKeeper(KubeClient client, ManagerOptions options, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(30);
    private volatile X509Certificate2? _served;
    private volatile CertificateState? _state;
    private volatile TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The leaf, null until there is one. Kestrel asks for every connection, so that a renewed one needs no restart.</summary>
    public X509Certificate2? Served => _served;

    /// <summary>What callers of the webhook trust, null until there is something.</summary>
    public string? Bundle => _state?.Bundle;

    public async Task RunAsync(Func<bool> leads, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var wait = s_look;
            try
            {
                await LookAsync(leads(), cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubeApiException error)
            {
                // A conflict says that somebody was faster; the next look finds what was written.
                if (!error.IsConflict) LogFailed(log, error.Message);
                wait = TimeSpan.FromSeconds(2);
            }

            await Task.WhenAny(_woken.Task, Task.Delay(wait, time, cancellationToken));
            if (_woken.Task.IsCompleted) _woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Looks at once: a new leader must not wait for the next beat before API servers trust the webhook.</summary>
    public void Wake() => _woken.TrySetResult();

    /// <summary>1. Read the Secret. 2. Renew what is due. 3. Serve the leaf. 4. Publish the bundle.</summary>
    public async Task LookAsync(bool leads, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(options.Namespace, options.CertificateSecret);
        var secret = await client.GetAsync(ResourceTypes.Secrets, key, cancellationToken);
        var now = secret is null ? null : CertificateState.Read(secret);
        var next = leads || now is null ? CertificateRotation.Next(now, options.WebhookHosts, time.GetUtcNow()) : now;
        if (next != now)
        {
            await WriteAsync(key, secret, next, cancellationToken);
            LogRenewed(log, options.CertificateSecret);
        }

        Serve(next);
        if (leads) await PublishAsync(next.Bundle, cancellationToken);
    }

    public void Dispose() => _served?.Dispose();

    // A conflict means that another replica was faster: the next look finds what it wrote.
    private async Task WriteAsync(ObjectKey key, JsonObject? secret, CertificateState state, CancellationToken cancellationToken)
    {
        if (secret is null)
        {
            var made = new JsonObject
            {
                ["apiVersion"] = "v1", ["kind"] = "Secret", ["type"] = "Opaque",
                ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = Names.WellKnown.FieldManager } },
                ["data"] = state.Write(),
            };
            await client.CreateAsync(ResourceTypes.Secrets, made, cancellationToken);
            return;
        }

        secret["data"] = state.Write();
        await client.ReplaceAsync(ResourceTypes.Secrets, key, secret, cancellationToken);
    }

    private void Serve(CertificateState state)
    {
        if (_state?.Leaf == state.Leaf)
        {
            _state = state;
            return;
        }

        // Through PKCS#12: a key that came by PEM alone is not usable for TLS on every platform.
        using var pem = X509Certificate2.CreateFromPem(state.Leaf.Certificate, state.Leaf.Key);
        _served = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        _state = state;
        ManagerMeter.CertificateEnds(_served.NotAfter.ToUniversalTime());
    }

    private async Task PublishAsync(string bundle, CancellationToken cancellationToken)
    {
        var encoded = Convert.ToBase64String(Encoding.ASCII.GetBytes(bundle));
        foreach (var type in new[] { ResourceTypes.MutatingWebhooks, ResourceTypes.ValidatingWebhooks })
        {
            var key = ObjectKey.OfCluster(options.WebhookConfiguration);
            if (await client.GetAsync(type, key, cancellationToken) is not { } configuration) continue;
            var patch = new JsonArray();
            foreach (var (webhook, index) in (configuration["webhooks"] as JsonArray ?? []).Select((webhook, index) => (webhook, index)))
                if (webhook?["clientConfig"]?["caBundle"]?.GetValue<string>() != encoded)
                    patch.Add(new JsonObject { ["op"] = "add", ["path"] = $"/webhooks/{index}/clientConfig/caBundle", ["value"] = encoded });
            if (patch.Count == 0) continue;

            // The places of the list are those that were read, or nothing is changed.
            patch.Insert(0, new JsonObject { ["op"] = "test", ["path"] = "/metadata/resourceVersion", ["value"] = configuration["metadata"]!["resourceVersion"]!.DeepClone() });
            await client.PatchAsync(type, key, patch, cancellationToken);
            LogPublished(log, type.Plural, key.Name);
        }
    }

    [LoggerMessage(EventId = 4201, Level = LogLevel.Information, Message = "The webhook's certificates in Secret {Secret} were renewed")]
    private static partial void LogRenewed(ILogger logger, string secret);

    [LoggerMessage(EventId = 4202, Level = LogLevel.Information, Message = "{Type} {Name} trusts the webhook's authority now")]
    private static partial void LogPublished(ILogger logger, string type, string name);

    [LoggerMessage(EventId = 4203, Level = LogLevel.Warning, Message = "The webhook's certificates could not be looked after, trying again: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
