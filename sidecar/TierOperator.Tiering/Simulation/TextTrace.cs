using System.Text;

namespace TierOperator.Tiering.Simulation;

/// <summary>
/// A trace for people to write: one key per line, a whole number of 32 bits. Read as bytes, so that a file that is no
/// trace is refused at its first wrong line, however long that is.
/// </summary>
internal static class TextTrace
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>As much of a wrong line as a message repeats.</summary>
    private const int MostShown = 40;

    public static IEnumerable<uint> Keys(Stream file, string path)
    {
        var line = new List<byte>(MostShown);
        var number = 1L;
        foreach (var value in Bytes(file))
        {
            if (value != '\n')
            {
                // Longer than any key: enough is known to refuse it.
                if (line.Count == MostShown) throw Wrong(path, number, line);
                line.Add(value);
                continue;
            }

            if (KeyOf(line, path, number) is { } key) yield return key;
            line.Clear();
            number++;
        }

        if (KeyOf(line, path, number) is { } last) yield return last;
    }

    private static uint? KeyOf(List<byte> line, string path, long number)
    {
        if (line.Count > 0 && line[^1] == '\r') line.RemoveAt(line.Count - 1);
        if (line.Count == 0) return null;
        var key = 0UL;
        foreach (var digit in line)
        {
            key = key * 10 + (ulong)(digit - '0');
            if (digit is < (byte)'0' or > (byte)'9' || key > uint.MaxValue) throw Wrong(path, number, line);
        }

        return (uint)key;
    }

    private static TraceFormatException Wrong(string path, long number, List<byte> line)
    {
        var shown = string.Concat(Encoding.UTF8.GetString([.. line]).Select(character => char.IsControl(character) || character == '\uFFFD' ? '?' : character));
        return new TraceFormatException($"{path} is no trace: line {number} is \"{shown}\". {TraceFile.Expected}");
    }

    private static IEnumerable<byte> Bytes(Stream file)
    {
        var buffer = new byte[BufferBytes];
        for (int length; (length = file.Read(buffer)) > 0;)
            for (var at = 0; at < length; at++) yield return buffer[at];
    }
}
