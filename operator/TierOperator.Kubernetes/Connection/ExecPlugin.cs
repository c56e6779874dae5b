namespace TierOperator.Kubernetes.Connection;

/// <summary>A program that gives out credentials, as a kubeconfig names it.</summary>
internal sealed record ExecPlugin(string ApiVersion, string Command, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string? InstallHint)
{
    public static ExecPlugin Read(KubeConfigMap exec)
    {
        var command = exec.Text("command") is { Length: > 0 } text ? text : throw new ConnectionException("the kubeconfig's exec names no command");
        var version = exec.Text("apiVersion");
        if (version is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
            throw new ConnectionException($"the kubeconfig's exec has the apiVersion {version}: v1 and v1beta1 are known");
        var environment = exec.List("env").Where(entry => entry.Text("name") is not null)
            .ToDictionary(entry => entry.Text("name")!, entry => entry.Text("value") ?? "");
        // A command with a slash counts from the kubeconfig's folder, as for kubectl; a bare one is looked for in PATH.
        if (command.Contains('/', StringComparison.Ordinal)) command = exec.PathOf(command);
        return new ExecPlugin(version, command, [.. exec.Texts("args")], environment, exec.Text("installHint"));
    }
}
