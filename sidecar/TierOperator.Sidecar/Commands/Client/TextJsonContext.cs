using System.Text.Json.Serialization;

namespace TierOperator.Sidecar.Commands.Client;

[JsonSerializable(typeof(string))]
internal sealed partial class TextJsonContext : JsonSerializerContext;
