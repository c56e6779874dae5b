using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;
using TierOperator.Tiering.Remote;

namespace TierOperator.Tiering.Postgres;

/// <summary>What a failed call tells of the server.</summary>
internal enum PostgresFaultKind
{
    /// <summary>Busy or in each other's way: the same call may do well next time. Says nothing of the server's health.</summary>
    Transient,

    /// <summary>The server is not to be had, or does not let us in.</summary>
    Away,

    /// <summary>It answers but takes no writes.</summary>
    NoWrites,

    /// <summary>These very data can never be taken.</summary>
    Refused,

    /// <summary>Our tables are gone.</summary>
    Emptied,
}

/// <summary>A failure as the tier sees it. The reason is for people, says what to do, and has no secret and no data in it.</summary>
internal sealed record PostgresFault(PostgresFaultKind Kind, string Reason)
{
    /// <summary>The connection broke, for whatever reason: another one may work.</summary>
    public bool WasCut { get; init; }

    public RemoteHealth Health => Kind == PostgresFaultKind.NoWrites ? RemoteHealth.ReadOnly : RemoteHealth.Unavailable;

    public static PostgresFault Of(Exception error, PostgresUrl url)
    {
        for (var at = error; at is not null; at = at.InnerException)
        {
            switch (at)
            {
                case PostgresException answer: return OfAnswer(answer, url);
                case PostgresStateException state: return new PostgresFault(state.Kind, state.Message);
                case TimeoutException: return new PostgresFault(PostgresFaultKind.Away, $"The {url.Display} does not answer in time: see whether the server is overloaded, frozen or behind a firewall.");
                case AuthenticationException: return new PostgresFault(PostgresFaultKind.Away, $"The certificate of the {url.Display} is not to be trusted: check sslrootcert and, with verify-full, that the host's name is the certificate's.");
                case SocketException socket: return new PostgresFault(PostgresFaultKind.Away, OfSocket(socket, url)) { WasCut = socket.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown };
            }
        }

        return new PostgresFault(PostgresFaultKind.Away, $"The connection to the {url.Display} failed ({error.GetType().Name}): {Hint(error)}") { WasCut = error is NpgsqlException };
    }

    private static string Hint(Exception error)
        => error.Message.Contains("SSL", StringComparison.Ordinal)
            ? "the server has no TLS as sslmode asks for it; switch it on there, or choose another sslmode."
            : error.Message.Contains("No password", StringComparison.OrdinalIgnoreCase) ? "the server asks for a password and the Secret's url has none: write user:password@host."
            : "it was cut; the tier connects again by itself.";

    private static string OfSocket(SocketException error, PostgresUrl url) => error.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => $"The {url.Display} refuses connections: start the server, or correct the port.",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"The host of the {url.Display} is unknown: correct its name, or look at DNS.",
        _ => $"The {url.Display} cannot be reached ({error.SocketErrorCode}): look at the network and the server.",
    };

    private static PostgresFault OfAnswer(PostgresException answer, PostgresUrl url) => answer.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword => Away($"The {url.Display} does not take the password: correct the Secret."),
        PostgresErrorCodes.InvalidAuthorizationSpecification => Away($"The {url.Display} does not let us in: look at its pg_hba.conf, the user and sslmode."),
        PostgresErrorCodes.InvalidCatalogName => Away($"The {url.Display} does not exist: create the database, or correct its name."),
        PostgresErrorCodes.InsufficientPrivilege => NoWrites($"The {url.Display} lacks rights: GRANT CREATE ON DATABASE to the user where schema {url.Schema} is yet to be made, else let it own that schema and what is in it."),
        PostgresErrorCodes.ReadOnlySqlTransaction => NoWrites($"The {url.Display} is read-only (a standby, or set so): name the primary, or wait for its promotion."),
        PostgresErrorCodes.DiskFull => NoWrites($"The disk of the {url.Display} is full: make room, or enlarge the volume."),
        PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.IoError => NoWrites($"The {url.Display} has no memory or a failing disk ({answer.SqlState}): look at the server's log."),
        PostgresErrorCodes.TooManyConnections => Away($"The {url.Display} has no connection left: raise max_connections, or put PgBouncer in front."),
        PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown => Away($"The {url.Display} is starting or stopping: it is tried again by itself.") with { WasCut = answer.SqlState == PostgresErrorCodes.AdminShutdown },
        PostgresErrorCodes.ProtocolViolation => Away($"The {url.Display} cannot be reached through the pooler (SQLSTATE 08P01): see that PgBouncer knows the user and its password, and can log in behind it; it tries again after its server_login_retry."),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.InvalidSchemaName => new(PostgresFaultKind.Emptied, $"The tables of schema {url.Schema} in the {url.Display} are gone: they are made anew."),
        PostgresErrorCodes.QueryCanceled => new(PostgresFaultKind.Transient, $"The {url.Display} took longer than the timeout."),
        _ when answer.SqlState.StartsWith("22", StringComparison.Ordinal) || answer.SqlState.StartsWith("54", StringComparison.Ordinal)
            => new(PostgresFaultKind.Refused, $"The server cannot store these data (SQLSTATE {answer.SqlState})."),
        _ when answer.SqlState.StartsWith("40", StringComparison.Ordinal) || answer.SqlState.StartsWith("55", StringComparison.Ordinal)
            => new(PostgresFaultKind.Transient, $"The {url.Display} was busy (SQLSTATE {answer.SqlState})."),
        _ => Away($"The {url.Display} failed with SQLSTATE {answer.SqlState}: look at the server's log."),
    };

    private static PostgresFault Away(string reason) => new(PostgresFaultKind.Away, reason);
    private static PostgresFault NoWrites(string reason) => new(PostgresFaultKind.NoWrites, reason);
}

/// <summary>A state of the database that we found ourselves: a newer schema, somebody else's tables, a standby.</summary>
#pragma warning disable CA1064 // it never leaves this folder
internal sealed class PostgresStateException(PostgresFaultKind kind, string message) : Exception(message)
{
    public PostgresFaultKind Kind => kind;
}
#pragma warning restore CA1064
