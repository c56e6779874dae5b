namespace TierOperator.Sidecar.Tests.HttpCache;

internal static partial class RequirementRows
{
    private static readonly string[] s_noDates = ["0", "{now} UTC", "Thu, 18 Aug 2050 02:01:18 UTC", "Thu, 18 Aug 2050 02:01:18 AEST", "Thu, 18 Aug 50 02:01:18 GMT", "Thu 18 Aug 2050 02:01:18 GMT", "Thu, 18  Aug  2050 02:01:18 GMT", "Thu, 18-Aug-2050 02:01:18 GMT", "Thu, 18 Aug 2050 02.01.18 GMT", "Thu, 18 Aug 2050 2:01:18 GMT"];
    private static readonly string[] s_dates = ["Thu, 18 Aug 2050 02:01:18 GMT", "THU, 18 Aug 2050 02:01:18 GMT", "Thu, 18 AUG 2050 02:01:18 GMT", "Thu, 18 Aug 2050 02:01:18 gMT", "Thursday, 18-Aug-50 02:01:18 GMT", "Thu Aug 18 02:01:18 2050", "Thu Aug  8 02:01:18 2050"];
    private static readonly string[] s_unreadableAges = ["-7200", "a", "7200.0", "7200 a"];
    private static readonly string[] s_unreadableMaxAges = ["-60", "'60'", "60.0", "60a", "a60", ""];

    private static IEnumerable<CacheRow> Freshness =>
    [
        new("9111 4.2.1", "max-age makes fresh", Fetch("Cache-Control: max-age=60"), Hit().At(59)),
        new("9111 4.2", "for so long and no longer", Fetch("Cache-Control: max-age=60"), Again().At(60)),
        new("9111 4.2.1", "max-age=0 is never fresh", Fetch("Cache-Control: max-age=0"), Again()),
        .. new[] { "2147483647", "2147483648", "2147483649", "99999999999", "99999999999999999999999" }.Select(age => new CacheRow("9111 1.2.2", $"max-age={age} is fresh", Fetch($"Cache-Control: max-age={age}"), Hit())),
        new("9111 4.2.1", "leading zeros are zeros", Fetch("Cache-Control: max-age=0060"), Hit()),
        .. s_unreadableMaxAges.Select(age => new CacheRow("9111 4.2.1", $"max-age={age} cannot be read, and counts as stale", Fetch($"Cache-Control: max-age={age}"), Again())),
        new("9111 4.2.1", "of two max-age the shorter counts", Fetch("Cache-Control: max-age=3600, max-age=1"), Again().At(2)),
        new("9111 4.2.1", "on two lines as well", Fetch("Cache-Control: max-age=1", "Cache-Control: max-age=3600"), Again().At(2)),
        new("9111 5.2", "a quoted max-age is one", Fetch("Cache-Control: max-age=\"60\""), Hit()),
        new("9111 5.2", "one within a quoted string is none", Fetch("Cache-Control: extension=\"max-age=3600\", max-age=1"), Again().At(2)),
        new("9111 5.2", "nor behind the real one", Fetch("Cache-Control: max-age=1, extension=\"max-age=3600\""), Again().At(2)),
        new("9111 5.2", "nor with an escaped quote in it", Fetch("Cache-Control: max-age=1, extension=\"a\\\", max-age=3600\""), Again().At(2)),
        new("9111 5.2", "names are of any case", Fetch("Cache-Control: MaX-AgE=60"), Hit()),
        new("9111 5.2.3", "unknown directives are ignored", Fetch("Cache-Control: foobar, max-age=60"), Hit()),
        new("9111 5.2.2.10", "s-maxage overrules a longer max-age", Fetch("Cache-Control: max-age=3600, s-maxage=1"), Again().At(2)),
        new("9111 5.2.2.10", "and a shorter one, and Expires", Fetch("Cache-Control: max-age=0, s-maxage=3600", "Expires: {past}"), Hit().At(2)),
        new("9111 5.2.2.10", "on lines of their own", Fetch("Cache-Control: max-age=3600", "Cache-Control: s-maxage=1"), Again().At(2)),
        new("9111 5.3", "max-age overrules Expires", Fetch("Cache-Control: max-age=60", "Expires: {past}"), Hit()),
        new("9111 5.3", "max-age=0 too", Fetch("Cache-Control: max-age=0", "Expires: {soon}"), Again()),
        new("9111 5.3", "max-age overrules an Expires that is no date", Fetch("Cache-Control: max-age=60", "Expires: 0"), Hit()),
        new("9111 5.3", "Expires in time to come is fresh", Fetch("Expires: {soon}", "Date: {now}"), Hit()),
        new("9111 5.3", "Expires past is not", Fetch("Expires: {past}", "Date: {now}"), Again()),
        new("9111 5.3", "Expires now is not", Fetch("Expires: {now}", "Date: {now}"), Again()),
        new("9111 5.3", "Expires counts without a Date that can be read", Fetch("Expires: {soon}", "Date: foo"), Hit()),
        .. s_noDates.Select(date => new CacheRow("9110 5.6.7", $"Expires: {date} is stale", Fetch($"Expires: {date}", "Date: {now}"), Again())),
        .. s_dates.Select(date => new CacheRow("9110 5.6.7", $"Expires: {date} is fresh", Fetch($"Expires: {date}", "Date: {now}"), Hit())),
        new("9111 5.3", "two Expires are stale", Fetch("Expires: {soon}", "Expires: {soon}", "Date: {now}"), Again()),
        new("9111 4.2.3", "Age counts against max-age", Fetch("Cache-Control: max-age=60", "Age: 120"), Again()),
        new("9111 4.2.3", "and against Expires", Fetch("Expires: {soon}", "Date: {now}", "Age: 7200"), Again()),
        new("9111 4.2.3", "an old Date counts as age", Fetch("Cache-Control: max-age=60", "Date: {past}"), Again()),
        .. s_unreadableAges.Select(age => new CacheRow("9111 5.1", $"Age: {age} is ignored", Fetch("Cache-Control: max-age=60", $"Age: {age}"), Hit())),
        .. new[] { "2147483647", "2147483648", "2147483649", "99999999999999999999" }.Select(age => new CacheRow("9111 5.1", $"Age: {age} is old", Fetch("Cache-Control: max-age=3600", $"Age: {age}"), Again())),
        new("9111 5.1", "of a list of ages the first counts: old", Fetch("Cache-Control: max-age=60", "Age: 7200, 0"), Again()),
        new("9111 5.1", "of a list of ages the first counts: young", Fetch("Cache-Control: max-age=60", "Age: 0, 7200"), Hit()),
        new("9111 5.1", "of two lines the first counts: old", Fetch("Cache-Control: max-age=60", "Age: 7200", "Age: 0"), Again()),
        new("9111 5.1", "of two lines the first counts: young", Fetch("Cache-Control: max-age=60", "Age: 0", "Age: 7200"), Hit()),
        new("9111 5.1", "a hit has an Age", Fetch("Cache-Control: max-age=60"), Hit().At(30).Has("Age: 30")),
        new("9111 5.1", "that counts on from the origin's", Fetch("Cache-Control: max-age=60", "Age: 10"), Hit().At(30).Has("Age: 40")),
        new("9110 6.6.1", "a hit keeps the stored Date and Expires", Fetch("Cache-Control: max-age=60", "Date: Thu, 01 Jan 2026 00:00:00 GMT", "Expires: Thu, 01 Jan 2026 00:01:00 GMT"), Hit().At(30).Has("Date: Thu, 01 Jan 2026 00:00:00 GMT", "Expires: Thu, 01 Jan 2026 00:01:00 GMT")),
        new("9111 4.2.2", "a tenth of the time since the last change is guessed", Fetch("Last-Modified: {past}", "Date: {now}"), Hit().At(23 * 3600), Validated().At(2 * 3600)),
    ];
}
