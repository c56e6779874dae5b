using TierOperator.Sidecar.Tests.Running;
using TierOperator.Sidecar.Tests.Shared;
using TierOperator.TestKit.Postgres;

namespace TierOperator.Sidecar.Tests.Resp;

/// <summary>Redis clients over a policy whose only shared tier is PostgreSQL, while it is there, dead, and back.</summary>
public sealed class PostgresAwayTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly string _name = $"p{Guid.NewGuid():N}";
    private PostgresServer _postgres = null!;

    public async ValueTask InitializeAsync()
    {
        _postgres = await PostgresServer.StartAsync();
        _folder.Secret("db", _postgres.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await _postgres.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Commands_WithPostgresDead_KeepWhatWasAcknowledgedAndRefuseTheRest()
    {
        await using var sidecar = await StartAsync("write: Through, ack: Postgres");
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        Assert.Equal("+OK", await client.CallAsync("SET", "k", "before"));
        Assert.Equal(":2", await client.CallAsync("HSET", "h", "a", "1", "b", "2"));

        await _postgres.KillAsync();

        Assert.StartsWith("-TIERDOWN the write is journalled", await client.CallAsync("SET", "k", "after"), StringComparison.Ordinal);
        foreach (var command in (string[])["INCR n", "SET k 2 NX", "HSET h a 2", "DEL k", "EXPIRE k 100"])
            Assert.StartsWith("-TIERDOWN ", await client.CallAsync(command.Split(' ')), StringComparison.Ordinal);
        Assert.Equal("$after", await client.CallAsync("GET", "k"));
        Assert.Equal("$1", await client.CallAsync("HGET", "h", "a"));
    }

    [Fact]
    public async Task WhatWasAcknowledgedWhilePostgresWasAway_IsReadThroughAnotherSidecarWhenItIsBack()
    {
        await using var sidecar = await StartAsync("write: Behind, ack: Disk");
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await _postgres.KillAsync();
        for (var i = 0; i < 50; i++) Assert.Equal("+OK", await client.CallAsync("SET", $"k{i}", $"v{i}"));

        await _postgres.StartAgainAsync();
        await using var other = await StartAsync("write: Behind, ack: Disk");
        using var reader = await RespClient.ConnectAsync(other.Host.Resp);

        for (var i = 0; i < 50; i++)
        {
            var key = i;
            await Until.HoldsAsync(async () => await reader.CallAsync("GET", $"k{key}") == $"$v{key}" ? null : $"k{key} is not there");
        }
    }

    private async Task<RunningSidecar> StartAsync(string rule)
    {
        var sidecar = await RunningSidecar.StartAsync(PolicyOf(_name, rule), "--secrets", _folder.Secrets);
        using var client = await RespClient.ConnectAsync(sidecar.Host.Resp);
        await Until.HoldsAsync(async () => await client.CallAsync("INCR", "warm") is ['-', ..] and var refusal ? refusal : null);
        return sidecar;
    }

    private static string PolicyOf(string name, string rule) => $$"""
        apiVersion: tieroperator.io/v1alpha1
        kind: TierPolicy
        metadata: {name: {{name}} }
        spec:
          tiers:
            memory: {capacity: 64Mi}
            spillover: {capacity: 512Mi}
            postgres: {external: {secretRef: {name: db} }, timeout: 2s}
          sync: {interval: 200ms}
          rules:
            - {name: all, match: {sessions: ["*"]}, {{rule}} }
        """;
}
