namespace TierOperator.Tiering.Disk;

/// <summary>Small files, whole.</summary>
internal static class DiskFile
{
    public static byte[] ReadAll(IDiskDoor door, string path)
    {
        using var file = door.Open(path, DiskOpen.Read);
        var content = new byte[file.Length];
        var count = file.Read(content, 0);
        return count == content.Length ? content : content[..count];
    }

    /// <summary>The file has its old content or the new one at every moment, also when the power goes.</summary>
    public static void Publish(IDiskDoor door, string folder, string name, ReadOnlySpan<byte> content) => Publish(door, folder, name, content, []);

    /// <summary>The same, of two parts, so that a large content need not be copied behind its head.</summary>
    public static void Publish(IDiskDoor door, string folder, string name, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        var path = Path.Combine(folder, name);
        var temporary = path + SegmentSet.TemporaryExtension;
        using (var file = door.Open(temporary, DiskOpen.Create))
        {
            file.Write(head, 0);
            if (!rest.IsEmpty) file.Write(rest, head.Length);
            file.Sync();
        }

        door.Rename(temporary, path);
        door.SyncFolder(folder);
    }
}
