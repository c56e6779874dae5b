using System.Diagnostics.Metrics;
using TierOperator.Manager.Injection;

namespace TierOperator.Manager.Metrics;

/// <summary>The manager's own instruments. Labels are from closed sets: never a pod, policy or namespace.</summary>
internal static class ManagerMeter
{
    public const string Name = "TierOperator.Manager";

    private static readonly Meter s_meter = new(Name);

    private static readonly Counter<long> s_injections = s_meter.CreateCounter<long>(
        "tier_operator_injections", description: "Pods that the injection webhook was asked about, by result.");

    private static readonly Gauge<double> s_certificateExpiry = s_meter.CreateGauge<double>(
        "tier_operator_certificate_expiry_seconds", "s", "When the webhook's certificate ends, in seconds since 1970.");

    private static readonly Gauge<int> s_probe = s_meter.CreateGauge<int>(
        "tier_operator_webhook_probe", description: "1 while the webhook answers through its own Service.");

    /// <summary>Every outcome starts at zero, so that a rate over it exists before the first one.</summary>
    public static void Announce()
    {
        foreach (var outcome in Enum.GetValues<InjectionOutcome>()) s_injections.Add(0, Result(outcome));
    }

    public static void Injected(InjectionOutcome outcome) => s_injections.Add(1, Result(outcome));

    public static void CertificateEnds(DateTimeOffset at) => s_certificateExpiry.Record(at.ToUnixTimeSeconds());

    public static void Probed(bool answers) => s_probe.Record(answers ? 1 : 0);

    private static KeyValuePair<string, object?> Result(InjectionOutcome outcome) => new("result", outcome.ToString());
}
