using TierOperator.Tiering.Engine;

namespace TierOperator.Tiering.Tests.Engine;

public sealed class SingleFlightTests
{
    private static readonly byte[] s_key = [1];

    [Fact]
    public async Task Join_WhenTheWorkEndsAtOnce_AsksAnewNextTime()
    {
        var flights = new SingleFlight<int>();

        var first = await flights.Join(s_key, () => Task.FromResult(1));
        var second = await flights.Join(s_key, () => Task.FromResult(2));

        Assert.Equal((1, 2), (first, second));
    }

    [Fact]
    public async Task Join_WhileOneIsUnderWay_WaitsForIt()
    {
        var (flights, answer) = (new SingleFlight<int>(), new TaskCompletionSource<int>());

        var first = flights.Join(s_key, () => answer.Task);
        var second = flights.Join(s_key, () => throw new InvalidOperationException("asked twice"));
        answer.SetResult(7);

        Assert.Equal(7, await first);
        Assert.Equal(7, await second);
    }

    [Fact]
    public async Task Join_WhenTheWorkThrows_TellsItOnceAndAsksAnew()
    {
        var flights = new SingleFlight<int>();

        await Assert.ThrowsAsync<IOException>(() => flights.Join(s_key, () => throw new IOException("gone")));

        Assert.Equal(3, await flights.Join(s_key, () => Task.FromResult(3)));
    }
}
