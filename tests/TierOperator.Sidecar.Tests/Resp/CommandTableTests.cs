using System.Text.RegularExpressions;
using TierOperator.Sidecar.Resp.Commands;
using TierOperator.Sidecar.Tests.Running;

namespace TierOperator.Sidecar.Tests.Resp;

public sealed partial class CommandTableTests
{
    [Fact]
    public async Task Table_AndItsPage_ListTheSame()
    {
        var page = await File.ReadAllTextAsync(Repository.PathOf("docs/redis-protocol.md"));

        var documented = Row().Matches(page).SelectMany(row => row.Groups[1].Value.Split(' ')).Order(StringComparer.Ordinal);

        Assert.Equal(CommandTable.Create().All.Select(command => command.Name.ToUpperInvariant()).Order(StringComparer.Ordinal), documented);
    }

    [Fact]
    public void Commands_EachHaveOneWayToRun()
    {
        var all = CommandTable.Create().All.SelectMany(command => command.Subcommands ?? [command]);

        Assert.All(all, command => Assert.Equal(1, new object?[] { command.OnKeys, command.OnConnection, command.OnSurvey, command.IsPassed ? command : null }.Count(way => way is not null)));
    }

    [GeneratedRegex(@"^\| \w[\w/]* \| ([A-Z_ ]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
