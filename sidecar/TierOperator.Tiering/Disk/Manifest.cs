using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TierOperator.Tiering.Disk;

/// <summary>
/// The folder's own file: the format, the store's identity, and the seed of its hashes. With keys, the seed is kept
/// only sealed, once under each key; a key that does not open its copy is a wrong key.
/// </summary>
internal sealed class Manifest
{
    public const string FileName = "manifest.json";
    public const int Format = 1;

    private readonly Dictionary<string, string> _sealed = new(StringComparer.Ordinal);

    public required byte[] StoreId { get; init; }
    public required byte[] Seed { get; init; }
    public IReadOnlyCollection<string> KeyIds => _sealed.Keys;

    /// <exception cref="DiskStoreException">It is of a newer format, unreadable, or sealed under a key not given.</exception>
    public static Manifest OpenOrCreate(IDiskDoor door, string folder, KeyRing? keys, bool mayCreate)
    {
        var path = Path.Combine(folder, FileName);
        var exists = door.List(folder).Any(file => file.Name == FileName);
        if (!exists && !mayCreate)
            throw new DiskStoreException(DiskStoreFault.Corrupt,
                $"The data folder '{folder}' has segments but no {FileName}. Restore the file, or move the folder away to start empty.");
        var manifest = exists
            ? Read(DiskFile.ReadAll(door, path), folder, keys)
            : new Manifest { StoreId = RandomNumberGenerator.GetBytes(16), Seed = RandomNumberGenerator.GetBytes(KeyedHash.SeedBytes) };
        var changed = manifest.SealUnder(keys) || !exists;
        if (changed) DiskFile.Publish(door, folder, FileName, Encoding.UTF8.GetBytes(manifest.ToJson(keys is null)));
        return manifest;
    }

    /// <summary>Forgets the copies under keys that nothing is written under any more.</summary>
    public void Prune(IDiskDoor door, string folder, KeyRing? keys, IReadOnlySet<string> inUse)
    {
        var gone = _sealed.Keys.Where(id => !inUse.Contains(id) && id != keys?.CurrentId && keys?.TryGet(id, out _) != true).ToList();
        if (gone.Count == 0 || keys is null) return;
        foreach (var id in gone) _sealed.Remove(id);
        DiskFile.Publish(door, folder, FileName, Encoding.UTF8.GetBytes(ToJson(clear: false)));
    }

    private static Manifest Read(byte[] content, string folder, KeyRing? keys)
    {
        try
        {
            var json = JsonNode.Parse(content)!.AsObject();
            var format = (int)json["format"]!;
            if (format > Format)
                throw new DiskStoreException(DiskStoreFault.NewerFormat,
                    $"The data folder '{folder}' has format {format.ToString(CultureInfo.InvariantCulture)}; this program reads up to {Format}. Start the newer version again, or give another data folder.");
            var storeId = Convert.FromBase64String((string)json["store"]!);
            var copies = (json["seeds"] as JsonObject ?? []).ToDictionary(pair => pair.Key, pair => (string)pair.Value!);
            var seed = json["seed"] is { } clear ? Convert.FromBase64String((string)clear!) : Unseal(copies, storeId, folder, keys);
            var manifest = new Manifest { StoreId = storeId, Seed = seed };
            foreach (var (id, copy) in copies) manifest._sealed[id] = copy;
            manifest.CheckKeys(folder, keys);
            return manifest;
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or NullReferenceException)
        {
            throw new DiskStoreException(DiskStoreFault.Corrupt,
                $"The file {FileName} in '{folder}' is damaged: {error.Message} Restore it, or move the folder away to start empty.", error);
        }
    }

    private static byte[] Unseal(Dictionary<string, string> copies, byte[] storeId, string folder, KeyRing? keys)
    {
        foreach (var (id, copy) in copies)
            if (keys is not null && keys.TryGet(id, out var key)) return OpenSeed(id, key, storeId, copy, folder);
        throw new DiskStoreException(DiskStoreFault.KeyMissing,
            $"The data folder '{folder}' is encrypted under the key '{string.Join("', '", copies.Keys)}', which was not given. Give that key, or another data folder.");
    }

    private void CheckKeys(string folder, KeyRing? keys)
    {
        foreach (var (id, copy) in _sealed)
            if (keys is not null && keys.TryGet(id, out var key)) OpenSeed(id, key, StoreId, copy, folder);
    }

    private bool SealUnder(KeyRing? keys)
    {
        if (keys is null) return false;
        var changed = false;
        foreach (var id in keys.Ids)
        {
            if (_sealed.ContainsKey(id) || !keys.TryGet(id, out var key)) continue;
            var nonce = RandomNumberGenerator.GetBytes(12);
            var copy = new byte[12 + KeyedHash.SeedBytes + SegmentCipher.TagBytes];
            nonce.CopyTo(copy, 0);
            using var aes = new AesGcm(KeyRing.Derive(key, StoreId, "tier manifest 1"), SegmentCipher.TagBytes);
            aes.Encrypt(nonce, Seed, copy.AsSpan(12, KeyedHash.SeedBytes), copy.AsSpan(12 + KeyedHash.SeedBytes));
            _sealed[id] = Convert.ToBase64String(copy);
            changed = true;
        }

        return changed;
    }

    private static byte[] OpenSeed(string id, byte[] key, byte[] storeId, string text, string folder)
    {
        var copy = Convert.FromBase64String(text);
        var seed = new byte[KeyedHash.SeedBytes];
        try
        {
            using var aes = new AesGcm(KeyRing.Derive(key, storeId, "tier manifest 1"), SegmentCipher.TagBytes);
            aes.Decrypt(copy.AsSpan(0, 12), copy.AsSpan(12, KeyedHash.SeedBytes), copy.AsSpan(12 + KeyedHash.SeedBytes), seed);
            return seed;
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new DiskStoreException(DiskStoreFault.KeyWrong,
                $"The key '{id}' is not the one that '{folder}' was encrypted under: the id is the same, the bytes are not. Give the right key, or another data folder.", error);
        }
    }

    private string ToJson(bool clear)
    {
        var json = new JsonObject { ["format"] = Format, ["store"] = Convert.ToBase64String(StoreId) };
        if (clear) json["seed"] = Convert.ToBase64String(Seed);
        var copies = new JsonObject();
        foreach (var (id, copy) in _sealed) copies[id] = copy;
        json["seeds"] = copies;
        return json.ToJsonString();
    }
}
