using System.Text.Json.Serialization;

namespace TierOperator.Sidecar.HttpCache.Storing;

/// <summary>The marks as they are kept: what was purged, and when in Unix milliseconds.</summary>
[JsonSerializable(typeof(Dictionary<string, long>))]
internal sealed partial class PurgeJsonContext : JsonSerializerContext;
