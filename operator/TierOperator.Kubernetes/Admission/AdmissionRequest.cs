using System.Text.Json.Nodes;
using TierOperator.Kubernetes.Objects;

namespace TierOperator.Kubernetes.Admission;

/// <summary>What is done to an object that a webhook is asked about.</summary>
public enum AdmissionOperation { Create, Update, Delete, Connect }

/// <summary>What the API server asks a webhook.</summary>
/// <param name="Uid">Repeated in the answer.</param>
/// <param name="Operation">What is done.</param>
/// <param name="Key">The object; its name is empty where the server has yet to generate one.</param>
/// <param name="Object">As it shall stand, whole; null for a deletion.</param>
/// <param name="OldObject">As it stands; null for a creation.</param>
/// <param name="IsDryRun">True where nothing will be stored: have no side effects.</param>
/// <param name="UserName">Who asks.</param>
public sealed record AdmissionRequest(
    string Uid, AdmissionOperation Operation, ObjectKey Key, JsonObject? Object, JsonObject? OldObject, bool IsDryRun, string UserName);
