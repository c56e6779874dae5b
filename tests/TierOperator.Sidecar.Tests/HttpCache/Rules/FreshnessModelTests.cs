using Microsoft.AspNetCore.Http;
using TierOperator.Sidecar.HttpCache.Rules;

namespace TierOperator.Sidecar.Tests.HttpCache.Rules;

/// <summary>Age and freshness against a plain model: the specification's formulas in dates and spans, word for word.</summary>
public sealed class FreshnessModelTests
{
    private const int Rounds = 20_000;
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Freshness_OfRandomAnswers_IsTheModels()
    {
        var seed = Seed.Next();
        var random = new Random(seed);
        for (var i = 0; i < Rounds; i++)
        {
            var answer = RandomAnswer(random);
            var now = answer.Received.AddSeconds(random.Next(0, 5000));

            var stored = StorageRules.Decide(answer.Exchange, Terms).Freshness;

            var where = $"seed {seed}, round {i}: {string.Join("; ", answer.Exchange.Headers)}";
            var lifetime = ModelLifetime(answer);
            if (lifetime is not { } span || (span <= TimeSpan.Zero && answer.LastModified is null))
            {
                Assert.True(stored is null, where);
                continue;
            }

            // What is stale at once is kept only for its validator.
            Assert.True(stored is not null, where);
            Assert.True(ModelAge(answer, now) == TimeSpan.FromMilliseconds(stored.Value.AgeMs(Ms(now))), where);
            Assert.True((span > ModelAge(answer, now)) == stored.Value.IsFresh(Ms(now)), where);
        }
    }

    private static CacheTerms Terms => new() { ByPolicy = false };

    // 4.2.3: apparent_age, response_delay, corrected_age_value, corrected_initial_age, resident_time.
    private static TimeSpan ModelAge(Answer answer, DateTimeOffset now)
    {
        var apparent = answer.Date is { } date && answer.Received > date ? answer.Received - date : TimeSpan.Zero;
        var corrected = TimeSpan.FromSeconds(answer.Age) + (answer.Received - answer.Asked);
        return (apparent > corrected ? apparent : corrected) + (now - answer.Received);
    }

    // 4.2.1: s-maxage, max-age, Expires minus Date; 4.2.2: a tenth of the time since the last change.
    private static TimeSpan? ModelLifetime(Answer answer)
    {
        if (answer.SharedMaxAge is { } shared) return TimeSpan.FromSeconds(shared);
        if (answer.MaxAge is { } maxAge) return TimeSpan.FromSeconds(maxAge);
        if (answer.Expires is { } expires) return expires - (answer.Date ?? answer.Received);
        if (answer.LastModified is not { } changed) return null;
        var tenth = TimeSpan.FromMilliseconds(Math.Floor(((answer.Date ?? answer.Received) - changed).TotalMilliseconds / 10));
        return tenth > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : tenth;
    }

    private static Answer RandomAnswer(Random random)
    {
        DateTimeOffset? Around(int seconds) => random.Next(2) == 0 ? null : s_start.AddSeconds(random.Next(-seconds, seconds));
        int? Some(int most) => random.Next(2) == 0 ? null : random.Next(most);
        var asked = s_start.AddMilliseconds(random.Next(1000));
        return new Answer(asked, asked.AddMilliseconds(random.Next(3000)), Around(600), random.Next(3) == 0 ? random.Next(2000) : 0)
        {
            MaxAge = Some(3000), SharedMaxAge = random.Next(3) == 0 ? random.Next(3000) : null, Expires = Around(5000),
            LastModified = random.Next(2) == 0 ? null : s_start.AddSeconds(-random.Next(600, 10_000_000)),
        };
    }

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private sealed record Answer(DateTimeOffset Asked, DateTimeOffset Received, DateTimeOffset? Date, int Age)
    {
        public int? MaxAge { get; init; }
        public int? SharedMaxAge { get; init; }
        public DateTimeOffset? Expires { get; init; }
        public DateTimeOffset? LastModified { get; init; }

        public OriginExchange Exchange => new()
        {
            Method = "GET", Asked = RequestDirectives.None, HasAuthorization = false, Status = 200, Headers = Headers, AskedMs = Ms(Asked), ReceivedMs = Ms(Received),
        };

        private HeaderDictionary Headers
        {
            get
            {
                var headers = new HeaderDictionary();
                string[] said = [MaxAge is { } age ? $"max-age={age}" : "", SharedMaxAge is { } shared ? $"s-maxage={shared}" : ""];
                if (said.Any(text => text.Length > 0)) headers["Cache-Control"] = string.Join(", ", said.Where(text => text.Length > 0));
                if (Age > 0) headers["Age"] = $"{Age}";
                if (Date is { } date) headers["Date"] = date.ToString("R");
                if (Expires is { } expires) headers["Expires"] = expires.ToString("R");
                if (LastModified is { } changed) headers["Last-Modified"] = changed.ToString("R");
                return headers;
            }
        }
    }
}
