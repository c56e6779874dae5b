using TierOperator.Policy.Compiled;
using TierOperator.TestKit.Disk;
using TierOperator.Tiering.Disk;
using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Tests.Sync;

public sealed class DeadLettersTests
{
    private const string Folder = "/data";
    private readonly PowerCutDisk _disk = new();

    public DeadLettersTests() => _disk.CreateFolder(Folder);

    [Fact]
    public void Add_PastTheLimit_TheOldestGoes_AndTheOthersConcernTheirSessionsStill()
    {
        var letters = new DeadLetters(null, null);
        letters.Add(Letter("first"));
        letters.Add(Letter("often"));
        for (var i = 0; i < DeadLetters.Limit; i++) letters.Add(Letter("often"));

        Assert.Equal((DeadLetters.Limit, 2L), (letters.Count, letters.Dropped));
        Assert.False(letters.Concerns("first"u8.ToArray()));
        Assert.True(letters.Concerns("often"u8.ToArray()));
    }

    [Fact]
    public void Take_OneOfTwoLettersOfASession_TheOtherConcernsItStill()
    {
        var letters = new DeadLetters(null, null);
        letters.Add(Letter("s"));
        letters.Add(Letter("s"));

        Assert.NotNull(letters.Take(1));
        Assert.True(letters.Concerns("s"u8.ToArray()));
        Assert.NotNull(letters.Take(2));
        Assert.False(letters.Concerns("s"u8.ToArray()));
        Assert.Null(letters.Take(2));
    }

    [Fact]
    public void Save_ThenOpen_TheyAreThere_AndNewOnesHaveIdsOfTheirOwn()
    {
        var before = new DeadLetters(_disk, Folder);
        before.Add(Letter("a"));
        before.Save();

        var after = new DeadLetters(_disk, Folder);
        after.Add(Letter("b"));

        Assert.Equal(["a", "b"], after.All.Select(static letter => System.Text.Encoding.UTF8.GetString(letter.Session)));
        Assert.Equal([1L, 2L], after.All.Select(static letter => letter.Id));
    }

    [Fact]
    public void Open_WhereTheListIsDamaged_PutsItAside_AndBeginsANewOne()
    {
        DiskFile.Publish(_disk, Folder, DeadLetters.FileName, "[{\"Tier\":"u8);

        var letters = new DeadLetters(_disk, Folder);

        Assert.Equal(0, letters.Count);
        Assert.Equal("[{\"Tier\":"u8.ToArray(), DiskFile.ReadAll(_disk, letters.DamagedFile!));
    }

    private static DeadLetter Letter(string session) => new(TierSet.Postgres, System.Text.Encoding.UTF8.GetBytes(session), [], "too large", 1);
}
