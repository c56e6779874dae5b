using System.Text.Json.Serialization;
using TierOperator.Policy.Compiled;

namespace TierOperator.Sidecar.Routes;

/// <summary>Routes as text, to tell whether a reload changes any: other edits of a policy leave connections alone.</summary>
[JsonSerializable(typeof(IReadOnlyList<CompiledRoute>))]
internal sealed partial class RouteJsonContext : JsonSerializerContext;
