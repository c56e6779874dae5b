using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Leadership;

/// <summary>The part of a Lease that says who leads.</summary>
internal sealed record LeaseRecord(string Holder, string RenewTime, int DurationSeconds, long Transitions)
{
    public static LeaseRecord Read(JsonObject lease)
    {
        var spec = lease["spec"] as JsonObject;
        return new LeaseRecord(
            spec?["holderIdentity"]?.GetValue<string>() ?? "", spec?["renewTime"]?.GetValue<string>() ?? "",
            spec?["leaseDurationSeconds"]?.GetValue<int>() ?? 0, spec?["leaseTransitions"]?.GetValue<long>() ?? 0);
    }

    /// <summary>The lease with us as its holder. What we do not know of it stays.</summary>
    public static JsonObject Hold(JsonObject lease, LeaderElectionOptions options, DateTimeOffset now)
    {
        var before = Read(lease);
        var spec = lease["spec"] as JsonObject ?? [];
        lease["spec"] = spec;
        spec["renewTime"] = MicroTime.Format(now);
        spec["leaseDurationSeconds"] = (int)options.LeaseDuration.TotalSeconds;
        if (before.Holder == options.Identity) return lease;
        spec["holderIdentity"] = options.Identity;
        spec["acquireTime"] = MicroTime.Format(now);
        spec["leaseTransitions"] = before.Holder.Length == 0 && before.RenewTime.Length == 0 ? before.Transitions : before.Transitions + 1;
        return lease;
    }

    /// <summary>The lease with no holder, so that the next leader need not wait it out.</summary>
    public static JsonObject Release(JsonObject lease, DateTimeOffset now)
    {
        var spec = (JsonObject)lease["spec"]!;
        spec["holderIdentity"] = "";
        spec["leaseDurationSeconds"] = 1;
        spec["renewTime"] = MicroTime.Format(now);
        return lease;
    }

    public static JsonObject New(LeaderElectionOptions options) => new()
    {
        ["apiVersion"] = ResourceTypes.Leases.ApiVersion,
        ["kind"] = ResourceTypes.Leases.Kind,
        ["metadata"] = new JsonObject { ["name"] = options.Name, ["namespace"] = options.Namespace },
    };
}
