using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace TierOperator.Sidecar.Http.Documents;

[JsonSerializable(typeof(JsonNode))]
internal sealed partial class NodeJsonContext : JsonSerializerContext;
