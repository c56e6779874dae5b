using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Npgsql;

namespace TierOperator.Tiering.Postgres;

/// <summary>
/// A <c>postgres://</c> or <c>postgresql://</c> URL in libpq's form: several hosts, IPv6 in brackets, a socket's folder as
/// <c>?host=/run/postgresql</c>, TLS by <c>sslmode</c>, <c>sslrootcert</c>, <c>sslcert</c> and <c>sslkey</c>. One parameter is our
/// own: <c>schema</c>, where the tables stand (<c>tier</c>). Never prints the password.
/// </summary>
public sealed class PostgresUrl
{
    private static readonly string[] s_schemes = ["postgres://", "postgresql://"];
    private readonly NpgsqlConnectionStringBuilder _settings;

    private PostgresUrl(NpgsqlConnectionStringBuilder settings, string schema, TargetSessionAttributes target)
        => (_settings, Schema, Target) = (settings, schema, target);

    /// <summary>The schema that holds our tables.</summary>
    public string Schema { get; }

    internal TargetSessionAttributes Target { get; }

    /// <summary>For people: where and as whom, without the password.</summary>
    public string Display => $"database \"{_settings.Database}\" on {_settings.Host}{(_settings.Host!.Contains(',', StringComparison.Ordinal) ? "" : $":{_settings.Port}")} as \"{_settings.Username}\"";

    internal NpgsqlConnectionStringBuilder Settings() => new(_settings.ConnectionString);

    public override string ToString() => Display;

    /// <summary>
    /// Reads a URL; relative certificate paths are looked for in <paramref name="folder"/>. False with what is wrong and what
    /// to write instead, in words that never repeat the password.
    /// </summary>
    public static bool TryParse(string text, string folder, [NotNullWhen(true)] out PostgresUrl? url, [NotNullWhen(false)] out string? error)
    {
        url = null;
        text = text.Trim();
        var scheme = Array.Find(s_schemes, prefix => text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
        if (scheme is null)
        {
            error = "The PostgreSQL URL must begin with postgres:// or postgresql://, as in postgres://user:password@host:5432/database.";
            return false;
        }

        try
        {
            url = Read(text[scheme.Length..], folder);
            error = null;
            return true;
        }
        catch (FormatException fault)
        {
            error = fault.Message;
            return false;
        }
    }

    private static PostgresUrl Read(string rest, string folder)
    {
        var (beforeQuery, query) = Split(rest, rest.IndexOf('?', StringComparison.Ordinal));
        var slash = beforeQuery.IndexOf('/', StringComparison.Ordinal);
        var (authority, database) = Split(beforeQuery, slash);
        var at = authority.LastIndexOf('@');
        var (user, hosts) = at < 0 ? ("", authority) : (authority[..at], authority[(at + 1)..]);
        var settings = new NpgsqlConnectionStringBuilder();
        ReadUser(user, settings);
        ReadHosts(hosts, settings);
        if (database.Length > 0) settings.Database = Decode(database);
        var (schema, target) = PostgresUrlParameters.Read(query, folder, settings);
        if (string.IsNullOrEmpty(settings.Username)) throw new FormatException("The PostgreSQL URL names no user: write postgres://user:password@host/database.");
        if (string.IsNullOrEmpty(settings.Host)) throw new FormatException("The PostgreSQL URL names no host: write postgres://user:password@host/database.");
        if (string.IsNullOrEmpty(settings.Database)) settings.Database = settings.Username;
        return new PostgresUrl(settings, schema, target);
    }

    private static void ReadUser(string user, NpgsqlConnectionStringBuilder settings)
    {
        var (name, password) = Split(user, user.IndexOf(':', StringComparison.Ordinal));
        if (name.Length > 0) settings.Username = Decode(name);
        if (password.Length > 0) settings.Password = Decode(password);
    }

    private static void ReadHosts(string hosts, NpgsqlConnectionStringBuilder settings)
    {
        if (hosts.Length == 0) return;
        var read = hosts.Split(',').Select(ReadHost).ToArray();
        if (read.Length == 1)
        {
            (settings.Host, settings.Port) = read[0];
            return;
        }

        settings.Host = string.Join(',', read.Select(host => $"{host.Name}:{host.Port}"));
    }

    private static (string Name, int Port) ReadHost(string host)
    {
        var bracket = host.LastIndexOf(']');
        var colon = host.IndexOf(':', Math.Max(bracket, 0));
        var (name, portText) = Split(host, colon);
        name = Decode(name).Trim('[', ']');
        if (bracket >= 0 && !IPAddress.TryParse(name, out _)) throw new FormatException("The PostgreSQL URL's host in brackets is not an IPv6 address.");
        if (portText.Length == 0) return (name, NpgsqlConnection.DefaultPort);
        return int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? (name, port)
            : throw new FormatException("The PostgreSQL URL's port is not a number from 1 to 65535. A ':', '/' or '@' in the password must be written %3A, %2F or %40.");
    }

    internal static string Decode(string part)
    {
        for (var i = part.IndexOf('%', StringComparison.Ordinal); i >= 0; i = part.IndexOf('%', i + 1))
            if (i + 2 >= part.Length || !char.IsAsciiHexDigit(part[i + 1]) || !char.IsAsciiHexDigit(part[i + 2]))
                throw new FormatException("The PostgreSQL URL has a '%' that two hexadecimal digits do not follow: write a literal one as %25.");
        return Uri.UnescapeDataString(part);
    }

    private static (string Before, string After) Split(string text, int at) => at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
}
