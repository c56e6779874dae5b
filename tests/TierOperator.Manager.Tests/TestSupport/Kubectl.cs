using TierOperator.Kubernetes.TestKit.Real;

namespace TierOperator.Manager.Tests.TestSupport;

/// <summary>kubectl as administrator of the real API server.</summary>
internal static class Kubectl
{
    public const string SkipReason = "no kubectl: put it on the PATH, or name it in KUBECTL";

    public static string? Executable { get; } =
        Environment.GetEnvironmentVariable("KUBECTL") is { Length: > 0 } named ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "kubectl")).FirstOrDefault(File.Exists);

    public static Task<string> RunAsync(params string[] arguments) => ScriptProcess.RunAsync(Executable!, arguments, Cluster);

    /// <summary>What a program needs to find the cluster as administrator.</summary>
    public static (string Name, string Value)[] Cluster => RealCluster.Server is { } server ? [("KUBECONFIG", server.KubeConfigPath)] : [];
}
