using Microsoft.AspNetCore.Http;
using TierOperator.Sidecar.HttpCache.Rules;
using TierOperator.Sidecar.HttpCache.Storing;

namespace TierOperator.Sidecar.Tests.HttpCache.Rules;

/// <summary>Fields that nobody would send: nothing throws, nothing is made fresher than its well-formed parts say.</summary>
public sealed class ParsingFuzzTests
{
    private const int Rounds = 20_000;
    private static readonly string[] s_pieces =
    [
        "max-age", "s-maxage", "no-store", "private", "no-cache", "=", "=", ",", ",", ";", "\"", "\\", " ", "\t", "0", "1", "60", "99999999999999999999999",
        "-", "-1", ".", "'", "(", ")", ":", "*", "?1", "?0", "a", "W/", "bytes", "bytes=", "bytes ", "/", "Thu, 18 Aug 2050 02:01:18 GMT", "é", "\u0001", "stale-if-error",
    ];

    [Fact]
    public void Fields_OfRandomPieces_NeverThrow()
    {
        var seed = Seed.Next();
        var random = new Random(seed);
        for (var i = 0; i < Rounds; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => s_pieces[random.Next(s_pieces.Length)]));
            var fault = Record.Exception(() => ReadAll(text));
            Assert.True(fault is null, $"seed {seed}, round {i}, \"{text}\": {fault}");
        }
    }

    [Fact]
    public void NoStore_AmongRandomDirectives_IsNeverMissed()
    {
        var seed = Seed.Next();
        var random = new Random(seed);
        string[] others = ["max-age=60", "a=\"b, c\"", "public", "x=y", "s-maxage=\"5\"", "", " ", "foo=\"a\\\"b\""];
        for (var i = 0; i < Rounds; i++)
        {
            var members = Enumerable.Range(0, random.Next(6)).Select(_ => others[random.Next(others.Length)]).ToList();
            members.Insert(random.Next(members.Count + 1), "no-store");
            var text = string.Join(random.Next(2) == 0 ? "," : ", ", members);
            Assert.True(ResponseDirectives.Read(text).NoStore, $"seed {seed}: {text}");
        }
    }

    [Fact]
    public void Directives_MoreThanAnyHonestFieldHas_ForbidStoring()
        => Assert.True(ResponseDirectives.Read(string.Join(',', Enumerable.Repeat("max-age=60", 500))).NoStore);

    private static void ReadAll(string text)
    {
        var headers = new HeaderDictionary { ["If-None-Match"] = text, ["If-Modified-Since"] = text, ["Range"] = text };
        ResponseDirectives.Read(text);
        RequestDirectives.Read(text, text);
        TargetedDirectives.ReadCdn(text);
        TargetedDirectives.ReadSurrogate(text);
        HttpDates.TryParse(text, 0, out _);
        AgeRules.ReadAge(text);
        VaryRules.Fields(text, []);
        VaryRules.Normalize("accept-language", text);
        VaryRules.Normalize("x", text);
        RangeRules.Read(text, 100, out var range);
        Assert.InRange(range.First, 0, 99);
        Assert.InRange(range.Last, 0, 99);
        Conditions.IsNotModified(headers, "\"a\"", text, text, 0);
        ResponseCodec.ReadMarker(System.Text.Encoding.UTF8.GetBytes(text));
    }
}
