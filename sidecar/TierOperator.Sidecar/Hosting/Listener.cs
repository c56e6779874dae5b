using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Hosting;

/// <summary>One Kestrel with one application, on one address and, where asked, a Unix socket.</summary>
internal sealed class Listener : IDisposable
{
    private readonly KestrelServer _server;

    private readonly H2cHandover _handover;

    private Listener(KestrelServer server, H2cHandover handover, Uri url) => (_server, _handover, Url) = (server, handover, url);

    /// <summary>Where it listens, with the port that it really has.</summary>
    public Uri Url { get; }

    /// <summary>Binds. Throws <see cref="StartFault"/> when it cannot.</summary>
    public static async Task<Listener> StartAsync(
        string name, IPEndPoint endpoint, string? unixSocket, ConnectionLimits limits,
        IHttpApplication<IFeatureCollection> application, ILoggerFactory loggers)
    {
        var options = new KestrelServerOptions();
        KestrelSetup.Apply(options, limits);
        var handover = new H2cHandover(limits, application, loggers);
        options.Listen(endpoint, listen =>
        {
            listen.Use((connection, next) => handover.OnConnectionAsync(connection, () => next(connection)));
            listen.Use(RefusalBodies.WatchAsync);
        });
        if (unixSocket is not null)
        {
            UnixSocketPath.Clear(unixSocket);
            options.ListenUnixSocket(unixSocket, listen => listen.Use(RefusalBodies.WatchAsync));
        }

        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        var server = new KestrelServer(Options.Create(options), transport, loggers);
        try
        {
            await server.StartAsync(application, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or SocketException or AddressInUseException)
        {
            server.Dispose();
            handover.Close();
            throw new StartFault(ExitCode.Address, Explain(name, endpoint, unixSocket, e));
        }

        var addresses = server.Features.Get<IServerAddressesFeature>()!.Addresses;
        var url = new Uri(addresses.First(address => !address.Contains("unix:", StringComparison.Ordinal)));
        return new Listener(server, handover, url);
    }

    /// <summary>Takes no new connection, lets requests end, and cuts off what is left when the token fires.</summary>
    public Task StopAsync(CancellationToken deadline) => Task.WhenAll(_handover.StopAsync(deadline), _server.StopAsync(deadline));

    public void Dispose()
    {
        _handover.Close();
        _server.Dispose();
    }

    private static string Explain(string name, IPEndPoint endpoint, string? unixSocket, Exception e)
    {
        var flag = name == "api" ? Settings.ApiPort.Flag : Settings.AdminPort.Flag;
        return e is AddressInUseException || e.InnerException is AddressInUseException
            ? $"{endpoint} is in use by another process: choose another {name} port with {flag}, or 0 for a free one"
            : $"the {name} listener cannot use {endpoint}{(unixSocket is null ? "" : $" or {unixSocket}")}: {e.Message}";
    }
}
