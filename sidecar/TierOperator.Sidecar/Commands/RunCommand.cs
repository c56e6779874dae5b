using System.CommandLine;
using TierOperator.Sidecar.Hosting;

namespace TierOperator.Sidecar.Commands;

/// <summary><c>tier run</c>: serves until it is told to stop.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Run the sidecar under a policy until SIGTERM or SIGINT.");
        var options = Settings.All.ToDictionary(setting => setting, OptionOf);
        foreach (var option in options.Values) command.Options.Add(option);
        command.SetAction((parsed, _) => RunAsync(setting => parsed.GetValue(options[setting]) ?? []));
        return command;
    }

    private static Option<string[]> OptionOf(Setting setting) => new(setting.Flag)
    {
        Description = setting.Default is null ? setting.Help : $"{setting.Help} [{setting.Default}]",
        HelpName = setting.Name.ToUpperInvariant(),
        AllowMultipleArgumentsPerToken = false,
    };

    private static async Task<int> RunAsync(Func<Setting, IReadOnlyList<string>> flags)
    {
        using var signals = new StopSignals();
        try
        {
            var path = new SettingReader(flags, Environment.GetEnvironmentVariable, _ => null).Text(Settings.Policy)
                ?? throw new StartFault(ExitCode.Usage, $"name a policy with {Settings.Policy.Flag} FILE or {Settings.Policy.Variable}");
            var content = PolicyFile.Read(path);
            var policy = PolicyFile.Load(path, content);
            var options = RunOptions.Read(path, policy, flags, Environment.GetEnvironmentVariable);
            return await SidecarProcess.RunAsync(options, policy, content, TimeProvider.System, signals.Stop);
        }
        catch (StartFault fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return fault.ExitCode;
        }
    }
}
