using System.Globalization;
using System.Net;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>
/// Ten times as much data as memory has room for, written over and over beside a test's own keys: those are on disk again by their next
/// use, or on their way there.
/// </summary>
internal sealed class SpillPressure : IDisposable
{
    private const int Keys = 640;
    private const int KeyBytes = 32 * 1024;
    private const int KeysAtOnce = 16;
    private static readonly string s_value = new('f', KeyBytes);
    private readonly RespClient _client;
    private int _next;

    private SpillPressure(RespClient client) => _client = client;

    public static async Task<SpillPressure> StartAsync(IPEndPoint sidecar)
    {
        var pressure = new SpillPressure(await RespClient.ConnectAsync(sidecar));
        for (var i = 0; i < Keys / KeysAtOnce; i++) await pressure.PressAsync();
        var memory = await pressure.TierAsync("memory");
        Assert.True(memory["keys"] is > 0 and < Keys / 5, $"memory holds {memory["keys"]} of {Keys} keys: that is not a part of them, so nothing would be tried");
        return pressure;
    }

    /// <summary>Writes a quarter of what memory holds.</summary>
    public async Task PressAsync()
    {
        var commands = Enumerable.Range(0, KeysAtOnce).SelectMany(i => RespClient.Encode("SET", $"pressure:{(_next + i) % Keys}", s_value)).ToArray();
        _next += KeysAtOnce;
        await _client.SendRawAsync(commands);
        for (var i = 0; i < KeysAtOnce; i++) Assert.Equal("+OK", await _client.ReceiveAsync());
    }

    /// <summary>How often a tier was where something was found.</summary>
    public async Task<long> HitsAsync(string tier) => (await TierAsync(tier))["hits"];

    public void Dispose() => _client.Dispose();

    private async Task<Dictionary<string, long>> TierAsync(string tier)
    {
        var info = await _client.CallAsync("INFO", "tiers");
        var line = info.Split("\r\n").Single(line => line.StartsWith($"tier_{tier}:", StringComparison.Ordinal));
        return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(',').Select(pair => pair.Split('=')).Where(pair => pair[0] != "state")
            .ToDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
    }
}
