using System.Text;
using TierOperator.Policy.Documents;

namespace TierOperator.Manager.Desired.Redis;

/// <summary>The files that a Redis node and a Sentinel start from. What must not stand in a ConfigMap, the start script adds.</summary>
internal static class RedisConfiguration
{
    /// <summary>redis.conf without folder, user and password.</summary>
    public static string Server(RedisPlan plan)
    {
        var text = new StringBuilder();
        text.AppendLine("protected-mode no").AppendLine("bind * -::*").AppendLine("tcp-keepalive 60").AppendLine("timeout 0");

        // The tier trims itself; a server that evicted by itself would forget what a sidecar believes it holds.
        text.AppendLine($"maxmemory {plan.MemoryBytes}").AppendLine("maxmemory-policy noeviction");
        text.AppendLine("rename-command DEBUG \"\"");
        AppendPersistence(text, plan.Document.Persistence!.Value);
        if (plan.Topology == RedisTopology.Replicated) text.AppendLine("min-replicas-max-lag 10").AppendLine("replica-serve-stale-data yes");
        if (plan.Topology == RedisTopology.Cluster)
            text.AppendLine("cluster-enabled yes").AppendLine("cluster-config-file nodes.conf").AppendLine("cluster-node-timeout 5000")
                .AppendLine("cluster-require-full-coverage no");
        AppendTls(text, plan.HasTls);
        return text.ToString();
    }

    /// <summary>sentinel.conf without the primary, folder and password.</summary>
    public static string Sentinel(RedisPlan plan)
    {
        var text = new StringBuilder();
        text.AppendLine("protected-mode no").AppendLine("bind * -::*");
        text.AppendLine("sentinel resolve-hostnames yes").AppendLine("sentinel announce-hostnames yes");
        AppendTls(text, plan.HasTls);
        return text.ToString();
    }

    private static void AppendPersistence(StringBuilder text, RedisPersistence persistence)
    {
        text.AppendLine(persistence == RedisPersistence.AppendOnly ? "appendonly yes" : "appendonly no");
        if (persistence == RedisPersistence.AppendOnly) text.AppendLine("appendfsync everysec");
        text.AppendLine(persistence == RedisPersistence.None ? "save \"\"" : "save 300 1 60 10000");
    }

    private static void AppendTls(StringBuilder text, bool hasTls)
    {
        if (!hasTls) return;
        text.AppendLine("tls-auth-clients no").AppendLine("tls-replication yes").AppendLine("tls-cluster yes");
    }
}
