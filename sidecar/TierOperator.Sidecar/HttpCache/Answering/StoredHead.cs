using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.HttpCache.Answering;

/// <summary>Writes a stored head's fields to an answer.</summary>
internal static class StoredHead
{
    public static void Write(IHeaderDictionary target, StoredResponse head)
    {
        foreach (var field in head.Fields) target[field.Name] = field.Value;
    }
}
