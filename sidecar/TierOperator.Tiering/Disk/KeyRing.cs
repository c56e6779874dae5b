using System.Security.Cryptography;
using System.Text;

namespace TierOperator.Tiering.Disk;

/// <summary>AES-256 keys by id. The current one writes, all of them read. Immutable.</summary>
public sealed class KeyRing
{
    public const int KeyBytes = 32;
    public const int MaxIdLength = 64;

    private readonly Dictionary<string, byte[]> _keys;

    /// <exception cref="DiskStoreException">An id or a key of the wrong size, or no key of the current id.</exception>
    public KeyRing(string currentId, IReadOnlyDictionary<string, byte[]> keys)
    {
        foreach (var (id, key) in keys)
        {
            if (id.Length is 0 or > MaxIdLength)
                throw Wrong($"The encryption key id '{id}' must have 1 to {MaxIdLength} characters.");
            if (key.Length != KeyBytes)
                throw Wrong($"The encryption key '{id}' has {key.Length} bytes; AES-256 takes {KeyBytes}. Make one with: openssl rand -base64 32");
        }

        if (!keys.ContainsKey(currentId))
            throw Missing($"The encryption key '{currentId}', named as the current one, is not among the keys. Add it, or name another in the file 'current'.");
        CurrentId = currentId;
        _keys = new Dictionary<string, byte[]>(keys, StringComparer.Ordinal);
    }

    public string CurrentId { get; }
    public IReadOnlyCollection<string> Ids => _keys.Keys;

    internal ReadOnlySpan<byte> Current => _keys[CurrentId];

    internal bool TryGet(string id, out byte[] key) => _keys.TryGetValue(id, out key!);

    /// <summary>A short mark of a key id, which stands in every record.</summary>
    internal static uint TagOf(string id) => Crc32C.Compute(Encoding.UTF8.GetBytes(id)) | 1;

    /// <summary>A key for one purpose; the same inputs give the same key.</summary>
    internal static byte[] Derive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, string purpose)
    {
        var derived = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt, Encoding.UTF8.GetBytes(purpose));
        return derived;
    }

    /// <summary>
    /// Reads a folder as Kubernetes mounts a Secret: a file per key, named by its id, with 32 raw bytes or their base64
    /// or hexadecimal text; the file <c>current</c> names the id that writes.
    /// </summary>
    public static KeyRing FromFolder(string folder)
    {
        if (!Directory.Exists(folder))
            throw Missing($"The encryption keys' folder '{folder}' does not exist. Create it with a file per key and a file 'current' with the id that writes.");
        var currentFile = Path.Combine(folder, "current");
        if (!File.Exists(currentFile))
            throw Missing($"The folder '{folder}' has no file 'current' that names the encryption key that writes.");
        try
        {
            var keys = Directory.EnumerateFiles(folder)
                .Select(file => (Id: Path.GetFileName(file), File: file))
                .Where(file => file.Id is not ("current" or "url") && !file.Id.StartsWith('.'))
                .ToDictionary(file => file.Id, file => Decode(file.Id, File.ReadAllBytes(file.File)), StringComparer.Ordinal);
            return new KeyRing(File.ReadAllText(currentFile).Trim(), keys);
        }
        catch (Exception error) when (DiskErrors.IsDiskError(error))
        {
            throw new DiskStoreException(DiskStoreFault.KeyMissing, $"The encryption keys in '{folder}' cannot be read: {error.Message}", error);
        }
    }

    private static byte[] Decode(string id, byte[] content)
    {
        if (content.Length == KeyBytes) return content;
        var text = Encoding.UTF8.GetString(content).Trim();
        var key = new byte[KeyBytes];
        if (text.Length == 2 * KeyBytes && Convert.FromHexString(text, key, out _, out _) == System.Buffers.OperationStatus.Done) return key;
        if (Convert.TryFromBase64String(text, key, out var written) && written == KeyBytes) return key;
        throw Wrong($"The encryption key '{id}' is neither 32 raw bytes nor 32 bytes in base64 or hexadecimal. Make one with: openssl rand -base64 32");
    }

    private static DiskStoreException Wrong(string message) => new(DiskStoreFault.KeyWrong, message);

    private static DiskStoreException Missing(string message) => new(DiskStoreFault.KeyMissing, message);
}
