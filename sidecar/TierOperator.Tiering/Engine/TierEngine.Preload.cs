using System.Text;
using TierOperator.Policy.Compiled;
using TierOperator.Tiering.Values;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>Brings the sessions that the rules name into memory at start, until pressure would begin.</summary>
    private async Task PreloadAsync(CancellationToken cancellationToken)
    {
        var globs = _rules.Policy.Rules.SelectMany(rule => rule.PreloadSessions).ToArray();
        if (globs.Length == 0 || _disk is null || _rules.Policy.Memory is not { } memory) return;
        var loaded = 0;
        foreach (var key in AllKeys())
        {
            if (cancellationToken.IsCancellationRequested || _memory.Budget.UsedBytes > Percent(memory.EvictToPercent)) break;
            if (!Array.Exists(globs, glob => glob.IsMatch(key))) continue;
            if ((await LoadAsync(key, CancellationToken.None)).Tiers.HasFlag(TierSet.Memory)) loaded++;
        }

        EngineLog.Preloaded(_log, loaded);
    }

    /// <summary>After a session came up from disk, the one that its rule says is needed next is fetched as well.</summary>
    private void PreloadRelated(SessionSnapshot session, CompiledRule rule)
    {
        if (rule.PreloadRelated is not { } template || !Template.TryFill(template, session, out var related)) return;
        _ = Task.Run(() => LoadAsync(Encoding.UTF8.GetBytes(related), CancellationToken.None).AsTask(), CancellationToken.None);
    }
}
