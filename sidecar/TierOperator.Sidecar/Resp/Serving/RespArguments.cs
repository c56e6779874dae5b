using System.Runtime.InteropServices;
using TierOperator.Resp;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>The arguments of one command, its name first. They lie in a buffer that is reused unless <see cref="Detached"/>.</summary>
internal sealed class RespArguments
{
    private byte[] _bytes = [];
    private (int Offset, int Length)[] _places = new (int, int)[16];

    public int Count { get; private set; }

    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_places[index].Offset, _places[index].Length);

    public ReadOnlyMemory<byte> Memory(int index) => _bytes.AsMemory(_places[index].Offset, _places[index].Length);

    public string Text(int index) => System.Text.Encoding.UTF8.GetString(this[index]);

    /// <summary>Whether an argument is this word, whatever its case.</summary>
    public bool Is(int index, ReadOnlySpan<byte> word) => System.Text.Ascii.EqualsIgnoreCase(this[index], word);

    public bool TryInteger(int index, out long value) => RespNumber.TryParse(this[index], out value);

    /// <summary>Shows the command that the parser has found at the start of the buffer.</summary>
    public void Load(RespCommandParser parser, ReadOnlyMemory<byte> buffered)
    {
        Count = parser.Count;
        if (_places.Length < Count) _places = new (int, int)[Math.Max(Count, _places.Length * 2)];
        if (parser.IsInline)
        {
            LoadInline(parser, buffered.Span);
            return;
        }

        MemoryMarshal.TryGetArray(buffered, out var array);
        _bytes = array.Array!;
        for (var i = 0; i < Count; i++)
        {
            var (offset, length) = parser.Place(i);
            _places[i] = (array.Offset + offset, length);
        }
    }

    /// <summary>The same in memory of its own.</summary>
    public RespArguments Detached()
    {
        var copy = new RespArguments { Count = Count, _places = new (int, int)[Count], _bytes = new byte[BytesOf()] };
        var at = 0;
        for (var i = 0; i < Count; i++)
        {
            this[i].CopyTo(copy._bytes.AsSpan(at));
            copy._places[i] = (at, _places[i].Length);
            at += _places[i].Length;
        }

        return copy;
    }

    /// <summary>The same bytes from an argument on: a command within a command.</summary>
    public RespArguments From(int first) => new() { _bytes = _bytes, _places = _places[first..Count], Count = Count - first };

    /// <summary>A table that a huge command has grown is not kept.</summary>
    public void Trim()
    {
        _bytes = [];
        if (_places.Length > 1024) _places = new (int, int)[16];
        Count = 0;
    }

    public int BytesOf()
    {
        var sum = 0;
        for (var i = 0; i < Count; i++) sum += _places[i].Length;
        return sum;
    }

    private void LoadInline(RespCommandParser parser, ReadOnlySpan<byte> buffered)
    {
        var all = new List<byte>();
        for (var i = 0; i < Count; i++)
        {
            var argument = parser.Argument(buffered, i);
            _places[i] = (all.Count, argument.Length);
            all.AddRange(argument);
        }

        _bytes = [.. all];
    }
}
