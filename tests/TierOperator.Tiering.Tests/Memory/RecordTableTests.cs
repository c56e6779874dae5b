using System.Runtime.InteropServices;
using TierOperator.Tiering.Memory;

namespace TierOperator.Tiering.Tests.Memory;

public sealed unsafe class RecordTableTests : IDisposable
{
    private readonly NativeAccount _account = new();
    private readonly RecordTable _table;
    private readonly HashSet<nint> _records = [];

    public RecordTableTests() => _table = new RecordTable(_account);

    [Fact]
    public void Table_UnderRandomChanges_FindsWhatIsThereAndNothingElse()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var step = 0; step < 40_000; step++)
        {
            // More come than go, so that the table splits through several levels; hashes repeat, as of equal keys.
            if (_records.Count == 0 || random.Next(3) > 0) Add((ulong)random.NextInt64(0, 1L << 40) << 20);
            else Remove(_records.ElementAt(random.Next(Math.Min(8, _records.Count))));
        }

        Assert.True(_table.Count == _records.Count, $"seed {seed}");
        Assert.True(_records.All(record => Finds((RecordLink*)record)), $"seed {seed}");
    }

    [Fact]
    public void First_OfAnEmptyOrDisposedTable_IsNothing()
    {
        Assert.True(_table.First(1UL << 32) == null);
        Add(1UL << 32);
        Assert.True(_table.First(1UL << 32) != null);

        _table.Dispose();

        Assert.True(_table.First(1UL << 32) == null);
        Assert.Equal(0, _table.Count);
        Assert.Equal(0, _account.Bytes);
    }

    [Fact]
    public void Add_OfManyRecords_KeepsChainsShort()
    {
        var random = new Random(7);
        for (var i = 0; i < 100_000; i++) Add((ulong)random.NextInt64());

        var longest = _records.Max(record => LengthOf(_table.First(((RecordLink*)record)->Hash)));

        Assert.InRange(longest, 1, 16);
    }

    public void Dispose()
    {
        _table.Dispose();
        foreach (var record in _records) NativeMemory.Free((void*)record);
    }

    private void Add(ulong hash)
    {
        var record = (RecordLink*)NativeMemory.Alloc((nuint)sizeof(RecordLink));
        *record = new RecordLink { Hash = hash };
        _records.Add((nint)record);
        _table.Add(record);
    }

    private void Remove(nint record)
    {
        _table.Remove((RecordLink*)record);
        _records.Remove(record);
        Assert.False(Finds((RecordLink*)record));
        NativeMemory.Free((void*)record);
    }

    private bool Finds(RecordLink* record)
    {
        for (var link = _table.First(record->Hash); link != null; link = link->Next)
            if (link == record) return true;
        return false;
    }

    private static int LengthOf(RecordLink* link)
    {
        var length = 0;
        for (; link != null; link = link->Next) length++;
        return length;
    }
}
