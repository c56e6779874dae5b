using System.CommandLine;
using TierOperator.Policy.Explaining;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>
/// <c>tier policy explain FILE --session S [--item I] [--field name=value…]</c>: which rule takes it and why each earlier
/// one does not. Exit code 0; 1 when the policy has faults; 2 when the file cannot be read.
/// </summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The policy; - for standard input." };
        var session = new Option<string>("--session") { Description = "The session's id.", Required = true };
        var item = new Option<string?>("--item") { Description = "The item's name; without it, the session itself is explained." };
        var fields = new Option<string[]>("--field") { Description = "A JSON field of the session, as name=value. Repeatable." };
        fields.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.IndexOf('=', StringComparison.Ordinal) <= 0) result.AddError($"--field takes name=value, not '{token.Value}'.");
        });
        var output = LintCommand.OutputOption();
        var command = new Command("explain", "Tell which rule takes a session or item, and why. Exit code 0; 1: the policy has faults; 2: the file cannot be read.")
        {
            file, session, item, fields, output,
        };
        command.SetAction(parsed => Execute(
            parsed.GetRequiredValue(file),
            new ExplainQuestion(parsed.GetRequiredValue(session), parsed.GetValue(item), parsed.GetValue(fields) ?? []),
            parsed.GetValue(output) == "json", parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Execute(string name, ExplainQuestion question, bool json, TextWriter output, TextWriter error)
    {
        var errors = new PolicyCommandErrors(error, json);
        if (question.Session.Length == 0) return errors.Tell(ExitCode.Usage, "--session takes the session's id, which has at least one byte.");
        if (PolicyFile.Read(name, out var unreadable) is not { } file) return errors.Unreadable(unreadable);
        if (file.Result.Policy is not { } policy) return errors.Faulty(ExitCode.Refused, file);

        var explanation = PolicyExplainer.Explain(policy, question.Session, question.Item, question);
        if (json) PolicyJson.Write(output, ExplainReport.Json(question, policy, explanation));
        else new ExplainReport(output, TerminalStyle.For(output)).Write(question, policy, explanation);
        return ExitCode.Ok;
    }
}
