using System.CommandLine;
using System.Text.Json.Nodes;
using TierOperator.Sidecar.Commands.Policy;

namespace TierOperator.Sidecar.Commands;

/// <summary>
/// Why a command did not do what it was asked. People get the message; programs, who asked for <c>--output json</c>, get
/// one line with one object: <c>{"error": {"exitCode", "message", "problem"?, "files"?}}</c>. Both on standard error, so
/// that standard output carries results only.
/// </summary>
internal sealed record CommandError(int ExitCode, string Message)
{
    /// <summary>What the sidecar answered, where it was the sidecar that refused.</summary>
    public JsonNode? Problem { get; init; }

    /// <summary>The policy files with their faults, where it is those that refuse.</summary>
    public JsonArray? Files { get; init; }

    /// <summary>Answers the exit code.</summary>
    public int Write(TextWriter error, bool isJson)
    {
        error.WriteLine(isJson ? PolicyJson.Line(ToJson()) : Message);
        return ExitCode;
    }

    /// <summary>Whether a command line asked for JSON, also where it was not understood otherwise.</summary>
    public static bool IsJsonAsked(ParseResult parsed)
    {
        var output = parsed.CommandResult.Command.Options.FirstOrDefault(option => option.Name == "--output");
        return output is not null && parsed.GetResult(output) is { } given && given.Tokens.Any(token => token.Value == "json");
    }

    private JsonObject ToJson()
    {
        var error = new JsonObject { ["exitCode"] = ExitCode, ["message"] = Message };
        if (Problem is not null) error["problem"] = Problem;
        if (Files is not null) error["files"] = Files;
        return new JsonObject { ["error"] = error };
    }
}
