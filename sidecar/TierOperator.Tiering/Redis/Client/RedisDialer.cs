using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using TierOperator.Resp;

namespace TierOperator.Tiering.Redis.Client;

/// <summary>Opens connections: TCP, TLS with verification, then the greeting. Whatever goes wrong is a sentence that says what to do.</summary>
internal sealed class RedisDialer(RedisLogin login, TimeProvider time)
{
    private const string NoTls = "no TLS";
    private const string Sentinel = "it is a Sentinel: write redis+sentinel://host:26379/service in the url";
    private const string ClosedEarly = "it closed the connection while it was greeted: look whether it is a Redis at all, and whether it speaks TLS where the url says so, and not where it does not";

    /// <summary>A server that takes longer is as good as away.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>A server that owes replies and says nothing for so long is frozen: another connection may reach a live one.</summary>
    public TimeSpan FrozenAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A greeted connection, or why there is none.</summary>
    public async Task<(RedisConnection? Connection, RedisFault? Fault)> DialAsync(RedisAddress address, Action<RedisPush>? pushed, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
#pragma warning disable CA2000 // the connection owns the stream, and the caller the connection
            var stream = await OpenAsync(address, either.Token);
            var connection = new RedisConnection(stream, time, login.Limits) { Pushed = pushed };
#pragma warning restore CA2000
            connection.Start();
            if (await GreetAsync(connection) is not { } fault) return (connection, null);
            await connection.DisposeAsync();
            return (null, fault.Kind == RedisFaultKind.Disconnected && fault.Text != Sentinel ? Explained(fault) : fault);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, RedisFault.TimedOut);
        }
        catch (Exception unreachable) when (unreachable is SocketException or IOException or AuthenticationException)
        {
            return (null, new RedisFault(RedisFaultKind.Disconnected, Describe(unreachable)));
        }
    }

    private async Task<Stream> OpenAsync(RedisAddress address, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // the stream owns the socket
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
#pragma warning restore CA2000
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellationToken);
            var plain = new NetworkStream(socket, ownsSocket: true);
            return login.Tls is null ? plain : await SecureAsync(plain, address, login.Tls, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> SecureAsync(NetworkStream plain, RedisAddress address, RedisTls tls, CancellationToken cancellationToken)
    {
        var secure = new SslStream(plain);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = tls.ServerName ?? address.Host,
            ClientCertificates = tls.ClientCertificate is { } certificate ? [certificate] : null,
        };
        if (tls.TrustedRoots is { Count: > 0 } roots)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        var look = new CertificateLook();
        options.RemoteCertificateValidationCallback = look.Trusts;
        try
        {
            await secure.AuthenticateAsClientAsync(options, cancellationToken);
            return secure;
        }
        catch (Exception failed)
        {
            await secure.DisposeAsync();
            if (look.Distrust is { } distrust) throw new AuthenticationException(distrust, failed);
            // A server without TLS answers nothing, or nonsense.
            if (failed is OperationCanceledException or AuthenticationException) throw new IOException(NoTls, failed);
            throw;
        }
    }

    // What greets otherwise than a Redis, or hangs up, has often said why.
    private static RedisFault Explained(RedisFault fault)
    {
        const string said = "the server said ";
        if (fault.Text.StartsWith(said, StringComparison.Ordinal)) return new RedisFault(RedisFaultKind.Server, fault.Text[said.Length..]);
        if (fault.Text.StartsWith(RedisConnection.BrokeProtocol, StringComparison.Ordinal)) return fault with { Text = "what answers there is no Redis: correct the host and the port" };
        return fault with { Text = ClosedEarly };
    }

    private async Task<RedisFault?> GreetAsync(RedisConnection connection)
    {
        var deadline = time.DeadlineAfter(s_patience);
        var protocol = login.Protocol.ToString(CultureInfo.InvariantCulture);
        string[] hello = login.Password is { } password
            ? ["HELLO", protocol, "AUTH", login.User ?? "default", password, "SETNAME", login.ClientName]
            : ["HELLO", protocol, "SETNAME", login.ClientName];
        var greeting = RedisCommand.Parsed(deadline, IsSentinel, hello);
        connection.Send(greeting);
        var greeted = await greeting.Answer;
        if (greeted.Fault is { } refused) return refused;
        if (greeted.Value && login.Script is not null) return new RedisFault(RedisFaultKind.Disconnected, Sentinel);
        if (login.Database != 0)
        {
            var select = RedisCommand.Text(deadline, "SELECT", login.Database.ToString());
            connection.Send(select);
            if ((await select.Answer).Fault is { } unselected) return unselected;
        }

        if (login.Script is null) return null;
        var load = new RedisCommand<bool>(static (ref RespReader _) => true, "SCRIPT"u8.ToArray(), "LOAD"u8.ToArray(), login.Script) { DeadlineAt = deadline };
        connection.Send(load);
        return (await load.Answer).Fault;
    }

    // [server, redis, version, …, mode, sentinel, …], or the same as a map.
    private static bool IsSentinel(ref RespReader reader)
    {
        reader.Next();
        for (var left = reader.IsAggregate ? reader.Count : 0; left > 0; left--)
        {
            reader.Next();
            if (reader.IsAggregate) reader.Skip();
            else if (reader.Value.SequenceEqual("sentinel"u8)) return true;
        }

        return false;
    }

    private static string Describe(Exception unreachable) => unreachable switch
    {
        AuthenticationException distrusted => $"its certificate is not to be trusted: {distrusted.Message}",
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "it refuses connections: start it, or correct the port",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => "its host is unknown: correct the name, or look at DNS",
        SocketException socket => $"it cannot be reached ({socket.SocketErrorCode}): look at the network and the server",
        IOException { Message: NoTls } => "no TLS handshake came about: write redis:// in its url where it speaks no TLS, and give a client certificate where it asks for one",
        _ => ClosedEarly,
    };
}

/// <summary>How a client introduces itself. Its text has no secret in it.</summary>
internal sealed record RedisLogin
{
    public string? User { get; init; }
    public string? Password { get; init; }
    public int Database { get; init; }
    public string ClientName { get; init; } = "tier";
    public RedisTls? Tls { get; init; }

    /// <summary>2 or 3: the form of replies.</summary>
    public int Protocol { get; init; } = 3;

    /// <summary>What the server may answer.</summary>
    public RespLimits Limits { get; init; } = new();

    /// <summary>A script that the server shall know before the first call.</summary>
    public byte[]? Script { get; init; }

    public override string ToString() => $"{User ?? "default"}, database {Database}{(Tls is null ? "" : ", TLS")}";
}

/// <summary>TLS, always verified. Without roots of its own the system's count.</summary>
public sealed record RedisTls
{
    public X509Certificate2Collection? TrustedRoots { get; init; }
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The name that the certificate must have; null: the host of the address.</summary>
    public string? ServerName { get; init; }
}
