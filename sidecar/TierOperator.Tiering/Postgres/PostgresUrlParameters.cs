using Npgsql;

namespace TierOperator.Tiering.Postgres;

/// <summary>What may follow the question mark of a PostgreSQL URL: libpq's names, and our own <c>schema</c>.</summary>
internal static class PostgresUrlParameters
{
    private const string DefaultSchema = "tier";

    /// <summary>The server cuts longer names short, so that two could become one.</summary>
    private const int MaxSchemaLength = 63;

    public static (string Schema, TargetSessionAttributes Target) Read(string query, string folder, NpgsqlConnectionStringBuilder settings)
    {
        var (schema, target) = (DefaultSchema, TargetSessionAttributes.Any);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) throw new FormatException("The PostgreSQL URL has a parameter without a value: write name=value.");
            var (name, value) = (PostgresUrl.Decode(pair[..equals]), PostgresUrl.Decode(pair[(equals + 1)..]));
            if (name == "schema") schema = CheckSchema(value);
            else if (name == "target_session_attrs") target = ReadTarget(value);
            else Apply(name, value, folder, settings);
        }

        return (schema, target);
    }

    private static void Apply(string name, string value, string folder, NpgsqlConnectionStringBuilder settings)
    {
        switch (name)
        {
            case "sslmode": settings.SslMode = ReadSslMode(value); break;
            case "sslrootcert": settings.RootCertificate = FileIn(folder, name, value); break;
            case "sslcert": settings.SslCertificate = FileIn(folder, name, value); break;
            case "sslkey": settings.SslKey = FileIn(folder, name, value); break;
            case "host": settings.Host = value; break;
            case "port" when int.TryParse(value, out var port) && port is > 0 and < 65536: settings.Port = port; break;
            case "user": settings.Username = value; break;
            case "password": settings.Password = value; break;
            case "dbname": settings.Database = value; break;
            case "application_name": settings.ApplicationName = value; break;
            case "connect_timeout": break; // the policy's timeout governs
            default: throw new FormatException($"The PostgreSQL URL's parameter \"{Shorten(name)}\" is unknown, or its value is wrong. Known are sslmode, sslrootcert, sslcert, sslkey, host, port, user, password, dbname, application_name, target_session_attrs, connect_timeout and schema.");
        }
    }

    private static SslMode ReadSslMode(string value) => value switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        _ => throw new FormatException("The PostgreSQL URL's sslmode is none of disable, allow, prefer, require, verify-ca and verify-full."),
    };

    private static TargetSessionAttributes ReadTarget(string value) => value switch
    {
        "any" => TargetSessionAttributes.Any,
        "read-write" or "primary" => TargetSessionAttributes.Primary,
        "read-only" or "standby" => TargetSessionAttributes.Standby,
        "prefer-standby" => TargetSessionAttributes.PreferStandby,
        _ => throw new FormatException("The PostgreSQL URL's target_session_attrs is none of any, read-write, primary, read-only, standby and prefer-standby."),
    };

    private static string FileIn(string folder, string name, string value)
    {
        var path = Path.GetFullPath(value, folder);
        return File.Exists(path) ? path : throw new FormatException($"The PostgreSQL URL's {name} names the file {path}, which does not exist.");
    }

    private static string CheckSchema(string value)
        => value.Length is > 0 and <= MaxSchemaLength && value.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') && !char.IsAsciiDigit(value[0])
            ? value
            : throw new FormatException("The PostgreSQL URL's schema must be 1 to 63 lower-case letters, digits and '_', not beginning with a digit.");

    private static string Shorten(string name) => name.Length <= 40 ? name : name[..40] + "…";
}
