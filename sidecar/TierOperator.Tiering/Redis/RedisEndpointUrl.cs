using System.Globalization;
using TierOperator.Tiering.Redis.Client;

namespace TierOperator.Tiering.Redis;

/// <summary>
/// Reads the usual forms: <c>redis://user:password@host:6379/0</c>, <c>rediss://…</c> with TLS,
/// <c>redis+sentinel://user:password@host:26379,other:26379/service/0</c> (and <c>rediss+sentinel</c>), several hosts for a Cluster.
/// Options: <c>db</c>, <c>sentinel_user</c>, <c>sentinel_password</c>.
/// </summary>
public static class RedisEndpointUrl
{
    private const int DefaultPort = 6379;
    private const int DefaultSentinelPort = 26379;

    /// <summary>False with a sentence that says what is wrong and never what the password is.</summary>
    /// <param name="topology">What the policy says; null: what the url says, and one server where it says nothing.</param>
    public static bool TryParse(string text, RedisTopologyKind? topology, out RedisEndpoint endpoint, out string error)
    {
        endpoint = null!;
        var reading = new Reading(text.Trim());
        error = reading.Scheme() ?? reading.Credentials() ?? reading.Hosts() ?? reading.Path() ?? reading.Options() ?? reading.Check(topology) ?? "";
        if (error.Length > 0) return false;
        endpoint = reading.Result(topology);
        return true;
    }

    // Each step takes its part off the text, and answers what is wrong with it.
    private sealed class Reading(string text)
    {
        private readonly List<RedisAddress> _addresses = [];
        private string _left = text;
        private bool _tls;
        private bool _sentinel;
        private string? _user;
        private string? _password;
        private string? _service;
        private string? _sentinelUser;
        private string? _sentinelPassword;
        private int _database;

        public string? Scheme()
        {
            var end = _left.IndexOf("://", StringComparison.Ordinal);
            if (end < 0) return "it has no scheme: write redis://, rediss:// or redis+sentinel://";
            var scheme = _left[..end].ToLowerInvariant();
            _left = _left[(end + 3)..];
            (_tls, _sentinel) = (scheme.StartsWith("rediss", StringComparison.Ordinal), scheme.EndsWith("+sentinel", StringComparison.Ordinal));
            return scheme is "redis" or "rediss" or "redis+sentinel" or "rediss+sentinel" ? null : "its scheme is not known: write redis://, rediss:// or redis+sentinel://";
        }

        public string? Credentials()
        {
            // A password may hold an @ that was not encoded; a host cannot. What follows the hosts is cut off first.
            var end = _left.AsSpan(0, EndOfAuthority()).LastIndexOf('@');
            if (end < 0) return _left.Split('?')[0].Contains('@', StringComparison.Ordinal) ? "it has an @ behind a /: a password with / or : or @ has to be percent-encoded (%2F, %3A, %40)" : null;
            var credentials = _left[..end];
            _left = _left[(end + 1)..];
            var colon = credentials.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) return "it has a user and no password: write user:password@host, or :password@host";
            (_user, _password) = (Decode(credentials[..colon]), Decode(credentials[(colon + 1)..]));
            if (_user.Length == 0) _user = null;
            return _password.Length == 0 ? "its password is empty" : null;
        }

        public string? Hosts()
        {
            var end = EndOfAuthority();
            var hosts = _left[..end];
            _left = _left[end..];
            if (hosts.Length == 0) return "it names no host";
            foreach (var host in hosts.Split(','))
            {
                if (Host(host) is { } fault) return fault;
            }

            return null;
        }

        public string? Path()
        {
            var end = _left.IndexOf('?', StringComparison.Ordinal);
            var path = (end < 0 ? _left : _left[..end]).Trim('/');
            _left = end < 0 ? "" : _left[(end + 1)..];
            if (path.Length == 0) return null;
            var parts = path.Split('/');
            if (parts.Length > (_sentinel ? 2 : 1)) return "its path has too many parts";
            if (_sentinel) _service = Decode(parts[0]);
            return parts.Length == (_sentinel ? 2 : 1) ? Database(parts[^1]) : null;
        }

        public string? Options()
        {
            foreach (var option in _left.Split('&', StringSplitOptions.RemoveEmptyEntries))
            {
                var equals = option.IndexOf('=', StringComparison.Ordinal);
                if (equals < 0) return "one of its options has no value";
                if (Option(option[..equals], Decode(option[(equals + 1)..])) is { } fault) return fault;
            }

            return null;
        }

        public string? Check(RedisTopologyKind? topology)
        {
            if (_sentinel && topology is not null and not RedisTopologyKind.Sentinel) return $"its scheme says Sentinel, and the policy's topology says {topology}";
            if (!_sentinel && topology == RedisTopologyKind.Sentinel) return "the policy's topology says Sentinel: write redis+sentinel://host:26379/service";
            if (_sentinel && string.IsNullOrEmpty(_service)) return "it names no service: write redis+sentinel://host:26379/service";
            if (topology == RedisTopologyKind.Cluster && _database != 0) return "a Cluster has database 0 only";
            return !_sentinel && topology != RedisTopologyKind.Cluster && _addresses.Count > 1 ? "it names several hosts, and the policy's topology is not Cluster" : null;
        }

        public RedisEndpoint Result(RedisTopologyKind? topology) => new()
        {
            Topology = topology ?? (_sentinel ? RedisTopologyKind.Sentinel : RedisTopologyKind.Standalone),
            Addresses = _addresses, User = _user, Password = _password, Database = _database, UsesTls = _tls,
            Service = _service, SentinelUser = _sentinelUser, SentinelPassword = _sentinelPassword,
        };

        private string? Option(string name, string value)
        {
            switch (name)
            {
                case "db":
                    return Database(value);
                case "sentinel_user" when _sentinel:
                    _sentinelUser = value;
                    return null;
                case "sentinel_password" when _sentinel:
                    _sentinelPassword = value;
                    return null;
                default:
                    return "it has an option that is not known: db, and for Sentinels sentinel_user and sentinel_password, are";
            }
        }

        private string? Host(string text)
        {
            var close = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) : -1;
            if (text.StartsWith('[') && close < 0) return "an address in brackets is not closed";
            var colon = text.IndexOf(':', close < 0 ? 0 : close);
            var host = close > 0 ? text[1..close] : colon < 0 ? text : text[..colon];
            if (host.Length == 0 || host.Any(one => char.IsWhiteSpace(one) || one is '@' or '%')) return "one of its hosts is empty or has a character that no host has";
            var port = _sentinel ? DefaultSentinelPort : DefaultPort;
            if (colon >= 0 && (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
                return "a port is not a number from 1 to 65535 (a password with : or @ or / has to be percent-encoded)";
            _addresses.Add(new RedisAddress(host, port));
            return null;
        }

        private string? Database(string value)
            => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _database) ? null : "its database is not a number";

        private int EndOfAuthority() => _left.AsSpan().IndexOfAny('/', '?') is >= 0 and var end ? end : _left.Length;

        private static string Decode(string text) => Uri.UnescapeDataString(text);
    }
}
