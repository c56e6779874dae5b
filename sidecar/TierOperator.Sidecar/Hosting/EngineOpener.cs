using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Hosting;

/// <summary>Opens the engine as the options and the policy ask, and turns what can go wrong into a refused start.</summary>
internal static class EngineOpener
{
    public static TierEngine Open(RunOptions options, CompiledPolicy policy, TimeProvider time, ILoggerFactory loggers)
    {
        if (policy.Spillover is not null && options.DataFolder is null)
            throw new StartFault(ExitCode.Usage, $"the policy declares spillover, which needs a data folder: name one with {Settings.Data.Flag} DIR");
        if (policy.Spillover is not null && FileAt(options.DataFolder!) is { } file)
            throw new StartFault(ExitCode.Data, $"the data folder {options.DataFolder} cannot be: {file} is a file: name a folder with {Settings.Data.Flag} DIR");
        try
        {
            var node = (uint)Random.Shared.NextInt64(1, uint.MaxValue);
            var engine = new EngineOptions
            {
                Node = node,
                RemoteTiers = new SharedTierOpener(options.SecretsFolder, policy, node, time, loggers).Open(),
                DataFolder = policy.Spillover is null ? null : options.DataFolder,
                Keys = ReadKeys(options, policy),
                InFlightBytes = options.InFlightBytes,
            };
            return TierEngine.Open(engine, policy, time, loggers);
        }
        catch (DiskStoreException e)
        {
            throw new StartFault(e.Kind is DiskStoreFault.KeyMissing or DiskStoreFault.KeyWrong ? ExitCode.Key : ExitCode.Data, e.Message);
        }
    }

    /// <summary>What of a path is a file where a folder would have to be; null where nothing is.</summary>
    private static string? FileAt(string path)
    {
        for (var at = Path.GetFullPath(path); at is not null; at = Path.GetDirectoryName(at))
            if (File.Exists(at)) return at;
        return null;
    }

    private static KeyRing? ReadKeys(RunOptions options, CompiledPolicy policy)
    {
        if (policy.Spillover?.KeySecret is not { } secret) return null;
        return options.SecretsFolder is { } folder
            ? KeyRing.FromFolder(Path.Combine(folder, secret))
            : throw new StartFault(ExitCode.Key, $"the policy encrypts the disk tier with the keys of the secret \"{secret}\": name the folder of secrets with {Settings.Secrets.Flag} DIR");
    }
}
