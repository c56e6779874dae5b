using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar.Commands.Policy;

/// <summary>Where <c>tier policy</c> tells what it refuses, for people or for programs.</summary>
internal sealed class PolicyCommandErrors(TextWriter error, bool isJson)
{
    public int Tell(int exitCode, string message) => new CommandError(exitCode, message).Write(error, isJson);

    /// <summary>Files that cannot be read, all at once; empty texts are none.</summary>
    public int Unreadable(params IEnumerable<string> reasons)
        => Tell(ExitCode.Usage, string.Join(Environment.NewLine, reasons.Where(reason => reason.Length > 0)));

    /// <summary>A policy that had to be without faults: people see them as lint shows them, programs as lint's JSON.</summary>
    public int Faulty(int exitCode, PolicyFile file)
    {
        if (isJson)
        {
            var message = $"{file.Name} is no policy to work with: {file.Result.Faults[0].Message}";
            return new CommandError(exitCode, message) { Files = [PolicyJson.File(file)] }.Write(error, isJson);
        }

        new FaultReport(error, TerminalStyle.For(error)).Write(file);
        return exitCode;
    }
}
