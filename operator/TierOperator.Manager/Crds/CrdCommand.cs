using System.CommandLine;

namespace TierOperator.Manager.Crds;

/// <summary><c>tier-operator crd</c>: the CustomResourceDefinition that belongs to this program.</summary>
internal static class CrdCommand
{
    public static Command Create()
    {
        var output = new Option<FileInfo?>("--output") { Description = "The file to write; standard output without it." };
        var command = new Command("crd", "Write the CustomResourceDefinition of TierPolicy, for kubectl apply.") { output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(output) is { } file) await File.WriteAllTextAsync(file.FullName, TierPolicyCrd.Write(), cancellationToken);
            else await parsed.InvocationConfiguration.Output.WriteAsync(TierPolicyCrd.Write());
            return 0;
        });
        return command;
    }
}
