namespace TierOperator.Architecture;

public sealed class MachineTracesTests
{
    [Fact]
    public void TrackedFiles_HoldNoMachinePathAndNoPackageFeed()
    {
        var offences = Repository.Files
            .Select(file => (File: file, Text: Repository.ReadText(file)))
            .Where(pair => pair.Text is not null)
            .SelectMany(pair => MachineTraces.In(pair.Text!).Select(trace => $"{pair.File}:{trace}"));

        Assert.Empty(offences);
    }

    [Theory]
    [InlineData("cd /hom" + "e/someone/src")]
    [InlineData("cp '/roo" + "t/.config' x")]
    [InlineData("see /wor" + "k/shared")]
    [InlineData("data=/tm" + "p/x1")]
    [InlineData("https://api.nuget.or" + "g/v3/index.json")]
    [InlineData("<packageSource" + "s>")]
    public void In_TraceOfAMachine_IsFound(string line)
    {
        Assert.Single(MachineTraces.In("first line\n" + line));
    }

    [Theory]
    [InlineData("GET http://127.0.0.1:7070/work/items")]
    [InlineData("PUT /v1/sessions/root/items/home")]
    [InlineData("out/tmp/x and ./tmp/y and $TMPDIR/tmp/z")]
    public void In_RelativePathsAndUrls_AreNotFound(string line)
    {
        Assert.Empty(MachineTraces.In(line));
    }
}
