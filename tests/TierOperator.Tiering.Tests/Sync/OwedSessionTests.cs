using TierOperator.Tiering.Sync;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Tests.Sync;

public sealed class OwedSessionTests
{
    private static readonly byte[] s_key = "s"u8.ToArray(), s_item = "a"u8.ToArray();
    private static readonly ItemVersion s_other = new(1, 7);

    [Fact]
    public void Seen_OfManyWritesOfOneItem_NamesWhatTheFirstKnewAlone()
    {
        var owed = new OwedSession(s_key);
        owed.Take(Note(Own(10), s_other));
        for (var at = 11; at < 1000; at++) owed.Take(Note(Own(at), Own(at - 1)));

        Assert.Equal([s_other], owed.Items[s_item].Seen!);
    }

    [Fact]
    public void Seen_OfAWriteAfterAnotherRuns_NamesBoth()
    {
        var owed = new OwedSession(s_key);
        owed.Take(Note(Own(10) with { Node = 8 }, s_other));
        owed.Take(Note(Own(11), Own(10) with { Node = 8 }));

        Assert.Equal([s_other, Own(10) with { Node = 8 }], owed.Items[s_item].Seen!);
    }

    [Fact]
    public void Seen_WhenSentInVain_NamesWhatBothKnew()
    {
        var (sent, waiting) = (new OwedSession(s_key), new OwedSession(s_key));
        sent.Take(Note(Own(10), s_other));
        waiting.Take(Note(Own(11), Own(10)));

        waiting.TakeBack(sent);

        Assert.Equal([s_other], waiting.Items[s_item].Seen!);
    }

    [Fact]
    public void Seen_WhenAnOlderWriteIsReadLater_NamesWhatBothKnew()
    {
        var owed = new OwedSession(s_key);
        owed.Take(Note(Own(11), Own(10)));

        owed.Take(Note(Own(10), s_other) with { IsReread = true });

        Assert.Equal((Own(11), 1), (owed.Items[s_item].Version, owed.Items[s_item].Seen!.Length));
        Assert.Equal([s_other], owed.Items[s_item].Seen!);
    }

    private static ItemVersion Own(int at) => new((ulong)at, 9);

    private static OwedNote Note(ItemVersion version, ItemVersion seen) => new(s_key, version, 1)
    {
        Puts = [new OwedPut(s_item, 1, null)],
        Seen = new Dictionary<byte[], ItemVersion>(KeyComparer.Instance) { [s_item] = seen },
    };
}
