using System.Globalization;
using System.Net;
using TierOperator.Policy.Values;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// Resolves settings by precedence and reads their text. Every fault is gathered, and names the flag or variable that it
/// came by.
/// </summary>
internal sealed class SettingReader(
    Func<Setting, IReadOnlyList<string>> flags, Func<string, string?> environment, Func<Setting, string?> policy)
{
    /// <summary>Timers take no more than some weeks; a connection or a stop that may last a day is patient enough.</summary>
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    private readonly List<string> _faults = [];

    /// <summary>Throws <see cref="StartFault"/> when anything that was read is wrong.</summary>
    public void ThrowIfFaulty()
    {
        if (_faults.Count > 0) throw new StartFault(ExitCode.Usage, string.Join(Environment.NewLine, _faults));
    }

    /// <summary>A path or a name; null where none is given.</summary>
    public string? Text(Setting setting)
    {
        var text = Resolve(setting).Text;
        return text is "" ? throw new StartFault(ExitCode.Usage, $"{setting.Flag} is empty: write a value, or leave it out") : text;
    }

    public IReadOnlyList<string> Texts(Setting setting)
    {
        var given = flags(setting);
        return given.Count > 0
            ? given
            : environment(setting.Variable)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
    }

    /// <summary>Host names or addresses: anything else would never be equal to a request's Host.</summary>
    public IReadOnlyList<string> Hosts(Setting setting)
    {
        var hosts = Texts(setting);
        foreach (var host in hosts)
            if (host.Contains('/', StringComparison.Ordinal) || Uri.CheckHostName(new HostString(host).Host) == UriHostNameType.Unknown) Fault(setting.Flag, host, "a host name or address, such as tier.local");
        return hosts;
    }

    public int Port(Setting setting) => Int(setting, 0, 65535);

    public int Int(Setting setting, int min, int max) => Read(setting, $"a whole number from {min} to {max}",
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : (int?)null);

    public long Size(Setting setting, long min) => Read(setting, $"a size of at least {min} bytes, such as 64Mi",
        text => Quantity.TryParse(text, out var size) == ParseOutcome.Ok && size.Bytes >= min ? size.Bytes : (long?)null);

    public TimeSpan Time(Setting setting) => Read(setting, "a duration above zero and of at most 1d, such as 30s",
        text => DurationText.TryParse(text, out var time) && time > TimeSpan.Zero && time <= LongestTime ? time : (TimeSpan?)null);

    public LogLevel Level(Setting setting) => Read(setting, "one of Trace, Debug, Information, Warning, Error, Critical, None",
        text => Enum.GetNames<LogLevel>().Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<LogLevel>(text, ignoreCase: true) : (LogLevel?)null);

    public bool Choice(Setting setting, string yes, string no) => Read(setting, $"{yes} or {no}",
        text => text == yes ? true : text == no ? false : (bool?)null);

    public IPAddress Address(Setting setting)
    {
        var (text, origin) = Resolve(setting);
        if (text == "localhost") return IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var address)) return address;
        Fault(origin, text, "an IP address, such as 127.0.0.1 or ::1");
        return IPAddress.Loopback;
    }

    private T Read<T>(Setting setting, string wanted, Func<string, T?> parse) where T : struct
    {
        var (text, origin) = Resolve(setting);
        if (text is not null && parse(text) is { } value) return value;
        Fault(origin, text, wanted);
        return default;
    }

    private (string? Text, string Origin) Resolve(Setting setting)
    {
        if (flags(setting) is { Count: > 0 } given) return (given[^1], setting.Flag);
        if (environment(setting.Variable) is { Length: > 0 } variable) return (variable, setting.Variable);
        if (policy(setting) is { } declared) return (declared, "the policy's spec.sidecar");
        return (setting.Default, setting.Flag);
    }

    private void Fault(string origin, string? text, string wanted) => _faults.Add($"{origin} is \"{text}\": write {wanted}");
}
