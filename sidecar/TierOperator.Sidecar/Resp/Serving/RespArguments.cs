using System.Runtime.InteropServices;
using TierOperator.Resp;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>
/// The arguments of one command, its name first. They lie in a buffer that is reused unless <see cref="Detached"/> or
/// <see cref="Shared"/>; a large one lies where the tiers will keep it, and is copied only for a command that wants it in one piece.
/// </summary>
internal sealed class RespArguments
{
    private byte[] _bytes = [];
    private (int Offset, int Length)[] _places = new (int, int)[16];
    private LargeValue?[]? _large;
    private byte[]?[]? _copies;

    public int Count { get; private set; }

    public ReadOnlySpan<byte> this[int index] => _large is null ? _bytes.AsSpan(_places[index].Offset, _places[index].Length) : Memory(index).Span;

    public ReadOnlyMemory<byte> Memory(int index) => _large?[index] is { } large ? CopyOf(large, index) : _bytes.AsMemory(_places[index].Offset, _places[index].Length);

    public int LengthOf(int index) => _places[index].Length;

    /// <summary>An argument as a value to be stored; a large one gets a reference that the caller hands on.</summary>
    public ItemValue Value(int index)
    {
        if (_large?[index] is not { } large) return ItemValue.From(Memory(index));
        large.AddReference();
        return new ItemValue(large);
    }

    /// <summary>The first bytes of an argument, at most so many as one chunk has.</summary>
    public ReadOnlySpan<byte> Start(int index, int bytes) => (_large?[index] is { } large ? large.Chunk(0).Span : this[index])[..bytes];

    public string Text(int index) => System.Text.Encoding.UTF8.GetString(this[index]);

    /// <summary>Whether an argument is this word, whatever its case.</summary>
    public bool Is(int index, ReadOnlySpan<byte> word) => System.Text.Ascii.EqualsIgnoreCase(this[index], word);

    public bool TryInteger(int index, out long value) => RespNumber.TryParse(this[index], out value);

    /// <summary>Shows the command that the parser has found at the start of the buffer.</summary>
    public void Load(RespCommandParser parser, ReadOnlyMemory<byte> buffered, List<(int Argument, LargeValue Value)> larges)
    {
        Count = parser.Count;
        (_large, _copies) = (larges.Count == 0 ? null : new LargeValue?[Count], null);
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

        foreach (var (argument, value) in larges) (_large![argument], _places[argument]) = (value, (0, (int)value.Length));
    }

    /// <summary>The same in memory of its own, large ones too.</summary>
    public RespArguments Detached()
    {
        var copy = new RespArguments { Count = Count, _places = new (int, int)[Count], _bytes = new byte[BytesOf()] };
        var at = 0;
        for (var i = 0; i < Count; i++)
        {
            if (_large?[i] is { } large) new ItemValue(large).CopyTo(copy._bytes.AsSpan(at));
            else this[i].CopyTo(copy._bytes.AsSpan(at));
            copy._places[i] = (at, _places[i].Length);
            at += _places[i].Length;
        }

        return copy;
    }

    /// <summary>The same in memory of its own, but large ones where they lie: to be given back by <see cref="Release"/>.</summary>
    public RespArguments Shared()
    {
        if (_large is null) return Detached();
        var small = Enumerable.Range(0, Count).Sum(i => _large[i] is null ? _places[i].Length : 0);
        var copy = new RespArguments { Count = Count, _places = new (int, int)[Count], _bytes = new byte[small], _large = [.. _large] };
        var at = 0;
        for (var i = 0; i < Count; i++)
        {
            copy._places[i] = (at, _places[i].Length);
            if (_large[i]?.AddReference() is not null) continue;
            this[i].CopyTo(copy._bytes.AsSpan(at));
            at += _places[i].Length;
        }

        return copy;
    }

    /// <summary>Gives back what <see cref="Shared"/> holds.</summary>
    public void Release()
    {
        foreach (var large in _large ?? []) large?.Release();
    }

    /// <summary>The same bytes from an argument on: a command within a command.</summary>
    public RespArguments From(int first) => new() { _bytes = _bytes, _places = _places[first..Count], _large = _large?[first..Count], Count = Count - first };

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

    private byte[] CopyOf(LargeValue large, int index)
    {
        _copies ??= new byte[Count][];
        return _copies[index] ??= new ItemValue(large).ToArray();
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
