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
    public static void Publish(IDiskDoor door, string folder, string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(folder, name);
        var temporary = path + SegmentSet.TemporaryExtension;
        using (var file = door.Open(temporary, DiskOpen.Create))
        {
            file.Write(content, 0);
            file.Sync();
        }

        door.Rename(temporary, path);
        door.SyncFolder(folder);
    }
}
