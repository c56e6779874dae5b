using TierOperator.TestKit.Redis;

namespace TierOperator.Tiering.Tests.FaultMatrix;

/// <summary>The faults of the matrix, by the words that the table has for them.</summary>
internal static class Faults
{
    public const string Refused = "refuses connections";
    public const string Killed = "killed, started again";
    public const string Frozen = "frozen (SIGSTOP)";
    public const string Slow = "slower than its timeout";
    public const string Full = "out of memory or disk";
    public const string ReadOnly = "read-only";
    public const string FailedOver = "failed over";
    public const string Emptied = "emptied";
    public const string WrongPassword = "password changed";
    public const string Cut = "connections cut in mid-reply";

    public static readonly string[] All = [Refused, Killed, Frozen, Slow, Full, ReadOnly, FailedOver, Emptied, WrongPassword, Cut];

    /// <summary>How long a reply takes where the server is too slow.</summary>
    public static readonly TimeSpan TooSlow = TimeSpan.FromMilliseconds(350);

    /// <summary>
    /// The tier's timeout: short where nothing is answered, for then it is what is waited; where the server does answer it is long, so that
    /// a busy machine does not pass for a fault.
    /// </summary>
    public static TimeSpan TimeoutUnder(FaultEffect effect) => effect == FaultEffect.Away ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(2);

    public static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    public static void CutOften(CuttingProxy proxy)
    {
        proxy.CutAgain = static () => Random.Shared.Next(100, 3_000);
        proxy.CutAfter(100);
    }

    public static void CutNoMore(CuttingProxy proxy)
    {
        proxy.CutAgain = null;
        proxy.CutAfter(long.MaxValue);
    }
}
