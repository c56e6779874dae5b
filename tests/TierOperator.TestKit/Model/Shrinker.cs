namespace TierOperator.TestKit.Model;

/// <summary>Makes a failing run shorter: leaves out ever smaller parts of it as long as it still fails.</summary>
public static class Shrinker
{
    /// <summary>Tries at most <paramref name="tries"/> runs. Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002).</summary>
    public static async Task<List<T>> ShrinkAsync<T>(List<T> failing, Func<List<T>, Task<bool>> fails, int tries)
    {
        for (var part = failing.Count / 2; part >= 1;)
        {
            var shorter = false;
            for (var at = 0; at < failing.Count && tries > 0; tries--)
            {
                var candidate = failing.Where((_, i) => i < at || i >= at + part).ToList();
                if (await fails(candidate)) (failing, shorter) = (candidate, true);
                else at += part;
            }

            if (tries <= 0) break;
            if (!shorter || part > failing.Count) part /= 2;
        }

        return failing;
    }
}
