using Npgsql;

namespace TierOperator.Tiering.Postgres;

/// <summary>How connections are made: nothing in them outlives a transaction, so that PgBouncer may hand servers around.</summary>
internal static class ConnectionSettings
{
    private const int ConnectSeconds = 5;
    private const int HostRecheckSeconds = 1;
    private const int KeepAliveSeconds = 10;
    private const int KeepAliveIntervalSeconds = 5;

    /// <summary>The pool that calls use. Nothing is prepared, and nothing is reset when a connection goes back.</summary>
    public static NpgsqlDataSource Pool(PostgresTierOptions options)
    {
        var settings = Common(options.Url);
        settings.MaxPoolSize = options.MaxConnections;
        settings.MinPoolSize = 0;
        settings.ConnectionIdleLifetime = Math.Max(1, (int)options.IdleConnection.TotalSeconds);
        settings.ConnectionPruningInterval = Math.Min(10, settings.ConnectionIdleLifetime);
        settings.NoResetOnClose = true;
        return Build(settings, options.Url);
    }

    /// <summary>One connection at a time, never kept: it finds out how the server is, whatever has become of the pool's.</summary>
    public static NpgsqlDataSource Single(PostgresUrl url)
    {
        var settings = Common(url);
        settings.Pooling = false;
        return Build(settings, url);
    }

    private static NpgsqlConnectionStringBuilder Common(PostgresUrl url)
    {
        var settings = url.Settings();
        settings.Timeout = ConnectSeconds;

        // The server ends a statement by its own timeout, and our caller leaves at its deadline. Npgsql's timeout would ask for
        // cancellation over a new connection and wait for it, which a frozen server never answers.
        settings.CommandTimeout = 0;
        settings.MaxAutoPrepare = 0;

        // Npgsql remembers which host was a standby; after a failover that is wrong, and nobody would be asked for as long.
        settings.HostRecheckSeconds = HostRecheckSeconds;
        settings.TcpKeepAlive = true;
        settings.TcpKeepAliveTime = KeepAliveSeconds;
        settings.TcpKeepAliveInterval = KeepAliveIntervalSeconds;
        settings.ApplicationName ??= "tier";
        settings.IncludeErrorDetail = false;
        return settings;
    }

    private static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder settings, PostgresUrl url)
    {
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        return builder.Build() is NpgsqlMultiHostDataSource many ? many.WithTargetSession(url.Target) : builder.Build();
    }
}
