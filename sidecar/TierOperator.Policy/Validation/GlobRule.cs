using System.Text;
using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>
/// Globs mean something and cost little. Matching goes back once per star, so their number is bounded; a double star,
/// which elsewhere crosses slashes, would mislead: one star takes slashes too.
/// </summary>
internal sealed class GlobRule : IValidationRule
{
    private const int MostStars = 8;
    private const int MostBytes = 512;

    public void Check(ValidationContext context)
    {
        foreach (var (rule, path) in context.Rules)
        {
            CheckGlobs(context, rule.Match?.Sessions, path + ".match.sessions");
            CheckGlobs(context, rule.Match?.Items, path + ".match.items");
            CheckGlobs(context, rule.Preload?.Sessions, path + ".preload.sessions");
        }

        foreach (var (name, strategy) in context.Spec.Strategies ?? new Dictionary<string, Documents.StrategyDocument>())
            CheckGlobs(context, strategy.Items, $"spec.strategies.{name}.items");
    }

    private static void CheckGlobs(ValidationContext context, IReadOnlyList<string>? globs, string path)
    {
        foreach (var (glob, globPath) in ValidationContext.Numbered(globs, path))
        {
            var (message, help) = Fault(glob);
            if (message is not null) context.Report(PolicyCodes.BadGlob, globPath, message, help);
        }
    }

    private static (string? Message, string Help) Fault(string glob) => glob switch
    {
        "" => ("an empty glob matches nothing", "write \"*\" for everything, or take it out"),
        _ when glob.Contains("**", StringComparison.Ordinal) => ("`**` means no more than `*`, which takes slashes too", "write *"),
        _ when glob.AsSpan().Count('*') > MostStars => ($"the glob has more than {MostStars} stars", "write fewer: matching would cost too much"),
        _ when Encoding.UTF8.GetByteCount(glob) > MostBytes => ($"the glob is longer than {MostBytes} bytes", "write less"),
        _ when glob.Any(char.IsControl) => ("the glob holds a control character", "take it out"),
        _ => (null, ""),
    };
}
