using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Http;

namespace TierOperator.Sidecar.Commands.Client;

/// <summary>What a command that talks to a running sidecar works with.</summary>
internal sealed record ClientContext(SidecarClient Sidecar, ParseResult Parsed, bool IsJson, IAnsiConsole Out, CancellationToken Cancellation)
{
    /// <summary>Prints an answer: as it is for programs, as the table that the command makes of it for people.</summary>
    public void Print(JsonDocument answer, Action<JsonElement> forPeople)
    {
        if (IsJson) Out.Profile.Out.Writer.WriteLine(answer.RootElement.GetRawText());
        else forPeople(answer.RootElement);
    }
}

/// <summary>Gives a command the options that all clients have, and their errors and exit codes.</summary>
internal static class ClientCommand
{
    private const string DefaultUrl = "http://127.0.0.1:7070";

    public static Command Create(string name, string help, Func<ClientContext, Task> run, params Symbol[] symbols)
    {
        var url = new Option<string?>("--url") { Description = $"The sidecar's API; TIER_URL does too. [{DefaultUrl}]", HelpName = "URL" };
        var token = new Option<string?>("--token-file") { Description = "The file with the sidecar's bearer token; TIER_TOKEN_FILE does too.", HelpName = "FILE" };
        var output = new Option<string>("--output") { Description = "table or json.", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("table", "json");
        var command = new Command(name, help) { url, token, output };
        foreach (var symbol in symbols)
        {
            if (symbol is Option option) command.Options.Add(option);
            if (symbol is Argument argument) command.Arguments.Add(argument);
        }

        command.SetAction((parsed, cancellation) => RunAsync(run, parsed, parsed.GetValue(url), parsed.GetValue(token), parsed.GetValue(output) == "json", cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        Func<ClientContext, Task> run, ParseResult parsed, string? url, string? tokenFile, bool isJson, CancellationToken cancellation)
    {
        try
        {
            using var sidecar = new SidecarClient(ReadUrl(url), ReadToken(tokenFile));
            await run(new ClientContext(sidecar, parsed, isJson, AnsiConsole.Console, cancellation));
            return ExitCode.Ok;
        }
        catch (StartFault fault)
        {
            return new CommandError(fault.ExitCode, fault.Message) { Problem = fault.Problem }.Write(Console.Error, isJson);
        }
    }

    private static Uri ReadUrl(string? flag)
    {
        var text = flag ?? Environment.GetEnvironmentVariable("TIER_URL") ?? DefaultUrl;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new StartFault(ExitCode.Usage, $"--url is \"{text}\": write an address such as {DefaultUrl}");
    }

    private static string? ReadToken(string? flag)
    {
        var path = flag ?? Environment.GetEnvironmentVariable("TIER_TOKEN_FILE");
        try
        {
            if (string.IsNullOrEmpty(path)) return null;
            var token = File.ReadAllText(path).Trim();
            if (token.Length > 0 && BearerToken.IsSendable(token)) return token;
            throw new StartFault(ExitCode.Usage, $"the token file {path} must hold one word of ASCII, the sidecar's token");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFault(ExitCode.Usage, $"the token file {path} cannot be read: {e.Message}");
        }
    }
}
