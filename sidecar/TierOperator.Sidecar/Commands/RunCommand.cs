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
            return Directory.Exists(path) ? await RunFolderAsync(path, flags, signals.Stop) : await RunAsync(path, PolicyFile.Read(path), flags, signals.Stop);
        }
        catch (StartFault fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return fault.ExitCode;
        }
    }

    // In a pod a restart would only come back to the same fault, and hold the app up: wait for the world to change.
    private static async Task<int> RunFolderAsync(string folder, Func<Setting, IReadOnlyList<string>> flags, CancellationToken stop)
    {
        var waiting = RunOptions.Read(folder, null, flags, Environment.GetEnvironmentVariable);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                return await RunAsync(folder, PolicyFolder.ReadForStart(folder, waiting.PodUid), flags, stop);
            }
            catch (StartFault fault) when (fault.ExitCode != ExitCode.Address)
            {
                await WaitingRoom.StayAsync(waiting, fault, TimeProvider.System, stop);
            }
        }

        return ExitCode.Ok;
    }

    private static Task<int> RunAsync(string path, byte[] content, Func<Setting, IReadOnlyList<string>> flags, CancellationToken stop)
    {
        var policy = PolicyFile.Load(path, content);
        var options = RunOptions.Read(path, policy, flags, Environment.GetEnvironmentVariable);
        return SidecarProcess.RunAsync(options, policy, content, TimeProvider.System, stop);
    }
}
