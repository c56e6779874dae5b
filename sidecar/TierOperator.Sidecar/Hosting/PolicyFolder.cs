using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TierOperator.Policy;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// A policy as an operator mounts it: the snapshots <c>stable</c> and <c>candidate</c>, and <c>wave</c>, a number up to
/// 2^32. A pod takes the candidate when the first four bytes of the SHA-256 of its UID, as a big-endian number, are under
/// the wave: so that a new revision reaches some pods first, always the same ones, without a word to any of them.
/// </summary>
internal static class PolicyFolder
{
    private const string Stable = "stable";
    private const string Candidate = "candidate";
    private const string Wave = "wave";

    /// <summary>The snapshot that this pod should run now.</summary>
    public static byte[] Read(string folder, string? podUid)
    {
        var version = Version(folder);
        var candidate = Path.Combine(version, Candidate);
        return IsChosen(version, podUid) && File.Exists(candidate) ? PolicyFile.Read(candidate) : PolicyFile.Read(Path.Combine(version, Stable));
    }

    /// <summary>
    /// The snapshot to start with: a candidate with faults must not keep a new pod from serving, so that the stable one
    /// stands in. The first look then offers the candidate again, and tells why it is refused.
    /// </summary>
    public static byte[] ReadForStart(string folder, string? podUid)
    {
        var chosen = Read(folder, podUid);
        var stable = Path.Combine(Version(folder), Stable);
        return PolicyLoader.Load(chosen).IsValid || !File.Exists(stable) ? chosen : PolicyFile.Read(stable);
    }

    private static bool IsChosen(string version, string? podUid)
    {
        var wave = Path.Combine(version, Wave);
        if (podUid is null || !File.Exists(wave)) return false;
        var hash = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(podUid)));
        return ulong.TryParse(File.ReadAllText(wave).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && hash < limit;
    }

    // Kubelet writes each version into a folder of its own and moves the link ..data to it in one step. Read through the
    // link once, or the three files could be of two versions.
    private static string Version(string folder)
    {
        var link = new DirectoryInfo(Path.Combine(folder, "..data"));
        return link.Exists && link.ResolveLinkTarget(returnFinalTarget: true) is { } target ? target.FullName : folder;
    }
}
