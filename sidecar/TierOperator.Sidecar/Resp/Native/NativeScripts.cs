using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using TierOperator.Sidecar.Resp.Serving;
using TierOperator.Tiering.Redis.Native;

namespace TierOperator.Sidecar.Resp.Native;

/// <summary>
/// EVAL, EVALSHA, SCRIPT. Scripts are kept under the policy's prefix, by the digest that the client knows, so that every sidecar can run
/// them by it; the server gets them with the <see cref="ScriptShim"/> before them.
/// </summary>
/// <remarks>Off the event thread; thread-safe.</remarks>
internal sealed class NativeScripts
{
    /// <summary>Beyond so many the policy's scripts must be flushed; this sidecar's own memory of them begins anew.</summary>
    private const int MostScripts = 10_000, MostRemembered = 1_000;

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    private sealed record Known(NativeServer Server, string WrappedSha, byte[] Wrapped);

    public static bool IsEval(CommandFact fact) => fact.Name is "eval" or "eval_ro" or "evalsha" or "evalsha_ro";

    public static bool IsScript(CommandFact fact) => IsEval(fact) || fact.Name.StartsWith("script|", StringComparison.Ordinal);

    public ValueTask<NativeReply> RunAsync(NativeServer server, NativeRequest request, CancellationToken cancellationToken) => request.Fact.Name switch
    {
        "script|load" => LoadAsync(server, request.Arguments.Memory(2), cancellationToken),
        "script|exists" => ExistAsync(server, request.Arguments, cancellationToken),
        "script|flush" => FlushAsync(server, request.Arguments, cancellationToken),
        _ => EvalAsync(server, request, cancellationToken),
    };

    /// <summary>The words of an EVAL or EVALSHA with the script itself: what a transaction sends. Null: nobody knows it.</summary>
    public async ValueTask<ReadOnlyMemory<byte>[]?> WordsAsync(NativeServer server, NativeRequest request, CancellationToken cancellationToken)
    {
        var (known, _) = await KnownAsync(server, request, cancellationToken);
        if (known is null) return null;
        var words = request.WordsWith(key => server.KeyOf(key));
        words[0] = request.Fact.Name.EndsWith("_ro", StringComparison.Ordinal) ? "EVAL_RO"u8.ToArray() : "EVAL"u8.ToArray();
        words[1] = known.Wrapped;
        return words;
    }

    private async ValueTask<NativeReply> EvalAsync(NativeServer server, NativeRequest request, CancellationToken cancellationToken)
    {
        var (known, refused) = await KnownAsync(server, request, cancellationToken);
        if (known is null) return refused;
        var words = request.WordsWith(key => server.KeyOf(key));
        var isReadOnly = request.Fact.Name.EndsWith("_ro", StringComparison.Ordinal);
        (words[0], words[1]) = (isReadOnly ? "EVALSHA_RO"u8.ToArray() : "EVALSHA"u8.ToArray(), Encoding.ASCII.GetBytes(known.WrappedSha));
        var near = NativeCommands.NearOf(server, request);
        var reply = await server.CallSlowAsync(words, near, request.Protocol, cancellationToken);
        if (reply.ErrorText.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            (words[0], words[1]) = (isReadOnly ? "EVAL_RO"u8.ToArray() : "EVAL"u8.ToArray(), known.Wrapped);
            reply = await server.CallSlowAsync(words, near, request.Protocol, cancellationToken);
        }

        return reply is { Fault: null, IsError: true } ? InClientsWords(reply, known, request) : reply;
    }

    // Redis names the script that failed: the client knows it by another digest.
    private static NativeReply InClientsWords(NativeReply reply, Known known, NativeRequest request)
    {
        var sha = request.Fact.Name.StartsWith("evalsha", StringComparison.Ordinal) ? request.Arguments.Text(1).ToLowerInvariant() : DigestOf(request.Arguments[1]);
        return new NativeReply(Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(reply.Frame).Replace(known.WrappedSha, sha, StringComparison.Ordinal)), null);
    }

    private async ValueTask<(Known? Known, NativeReply Refused)> KnownAsync(NativeServer server, NativeRequest request, CancellationToken cancellationToken)
    {
        var bySha = request.Fact.Name.StartsWith("evalsha", StringComparison.Ordinal);
        var sha = bySha ? request.Arguments.Text(1).ToLowerInvariant() : DigestOf(request.Arguments[1]);
        if (_known.TryGetValue(sha, out var known) && known.Server == server) return (known, default);
        if (!bySha)
        {
            if (await StoreAsync(server, sha, request.Arguments.Memory(1), cancellationToken) is { IsError: true } refused) return (null, refused);
            return (Remember(server, sha, request.Arguments[1]), default);
        }

        var stored = await server.CallAsync(["HGET"u8.ToArray(), NameOf(server), Encoding.ASCII.GetBytes(sha)], NameOf(server), protocol: 3, cancellationToken);
        if (stored.IsError) return (null, stored);
        return ReplyFrames.ContentOf(stored.Frame) is { } source
            ? (Remember(server, sha, source.Span), default)
            : (null, Reply("-NOSCRIPT No matching script. Please use EVAL.\r\n"));
    }

    private async ValueTask<NativeReply> LoadAsync(NativeServer server, ReadOnlyMemory<byte> script, CancellationToken cancellationToken)
    {
        var sha = DigestOf(script.Span);
        var known = Remember(server, sha, script.Span);
        // The server compiles it, so that its faults are told now.
        var loaded = await server.CallAsync(["SCRIPT"u8.ToArray(), "LOAD"u8.ToArray(), known.Wrapped], null, protocol: 3, cancellationToken);
        if (loaded.IsError) return loaded;
        var stored = await StoreAsync(server, sha, script, cancellationToken);
        return stored.IsError ? stored : new NativeReply(ReplyFrames.Bulk(Encoding.ASCII.GetBytes(sha)), null);
    }

    private static async ValueTask<NativeReply> StoreAsync(NativeServer server, string sha, ReadOnlyMemory<byte> script, CancellationToken cancellationToken)
    {
        var name = NameOf(server);
        var count = await server.CallAsync(["HLEN"u8.ToArray(), name], name, protocol: 3, cancellationToken);
        if (count.Integer >= MostScripts) return Reply($"-ERR the policy has {MostScripts} scripts: give them arguments instead of making new ones, or SCRIPT FLUSH\r\n");
        return await server.CallAsync(["HSET"u8.ToArray(), name, Encoding.ASCII.GetBytes(sha), script], name, protocol: 3, cancellationToken);
    }

    private static async ValueTask<NativeReply> ExistAsync(NativeServer server, RespArguments arguments, CancellationToken cancellationToken)
    {
        var flags = new StringBuilder($"*{arguments.Count - 2}\r\n");
        for (var i = 2; i < arguments.Count; i++)
        {
            var reply = await server.CallAsync(
                ["HEXISTS"u8.ToArray(), NameOf(server), Encoding.ASCII.GetBytes(arguments.Text(i).ToLowerInvariant())], NameOf(server), protocol: 3, cancellationToken);
            if (reply.IsError) return reply;
            flags.Append($":{reply.Integer}\r\n");
        }

        return Reply(flags.ToString());
    }

    private async ValueTask<NativeReply> FlushAsync(NativeServer server, RespArguments arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count > 3 || (arguments.Count == 3 && !arguments.Is(2, "sync"u8) && !arguments.Is(2, "async"u8)))
            return Reply("-ERR SCRIPT FLUSH only support SYNC|ASYNC option\r\n");
        _known.Clear();
        var gone = await server.CallAsync(["DEL"u8.ToArray(), NameOf(server)], NameOf(server), protocol: 3, cancellationToken);
        return gone.IsError ? gone : Reply("+OK\r\n");
    }

    private Known Remember(NativeServer server, string sha, ReadOnlySpan<byte> script)
    {
        if (_known.Count >= MostRemembered) _known.Clear();
        var wrapped = new ScriptShim(server, NativeChannels.NameOf(server, [])).Around(script);
        return _known[sha] = new Known(server, DigestOf(wrapped), wrapped);
    }

    private static byte[] NameOf(NativeServer server) => server.NameOf("scripts:{1}");

#pragma warning disable CA5350 // the digest by which Redis names scripts; nothing is kept secret by it
    private static string DigestOf(ReadOnlySpan<byte> script) => Convert.ToHexStringLower(SHA1.HashData(script));
#pragma warning restore CA5350

    private static NativeReply Reply(string frame) => new(Encoding.ASCII.GetBytes(frame), null);
}
