using System.Globalization;
using TierOperator.Policy.Faults;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace TierOperator.Policy.Reading;

/// <summary>
/// Turns YAML text into a tree with places. It reads the parser's events one by one, so that depth and number are
/// bounded before anything is built, and never recurses: no input can exhaust the stack.
/// </summary>
internal sealed class YamlComposer(string text, FaultCollector faults)
{
    private readonly Dictionary<string, SourceNode> _anchors = new(StringComparer.Ordinal);
    private readonly Stack<(SourceNode Node, SourceScalar? Key)> _open = new();
    private readonly HashSet<SourceNode> _openNodes = [];
    private SourceNode? _root;
    private int _nodes;

    /// <summary>The document's root; null where the text is no single document, which then stands in the faults.</summary>
    public SourceNode? Compose()
    {
        try
        {
            return ComposeEvents(new Parser(new StringReader(text)));
        }
        catch (YamlException exception)
        {
            var at = exception.Message.Contains("tab as indentation", StringComparison.Ordinal) ? FirstTab() : new SourcePosition((int)exception.Start.Line, (int)exception.Start.Column);
            faults.Add(PolicyCodes.Syntax, "", at, "this is not YAML: " + Reason(exception), SyntaxHelp(at, exception.Message));
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException
            or OverflowException or IndexOutOfRangeException or InvalidCastException or NullReferenceException)
        {
            // The parser lets some faults of the text through as exceptions of its own code (an escape beyond Unicode,
            // a directive cut short). Whoever wrote the text still has to be told, and a reload must not crash on it.
            faults.Add(PolicyCodes.Syntax, "", new SourcePosition(1, 1), "this is not YAML", "check escapes, tags and directives");
        }

        return null;
    }

    private SourceNode? ComposeEvents(Parser parser)
    {
        while (parser.MoveNext())
        {
            if (!Take(parser.Current!)) return null;
        }

        if (_root is not null and not SourceScalar { Type: ScalarType.Null }) return _root;
        faults.Add(PolicyCodes.Empty, "", new SourcePosition(1, 1), "the document is empty", $"start with `apiVersion: {Documents.TierPolicyDocument.Version}` and `kind: TierPolicy`");
        return null;
    }

    private bool Take(ParsingEvent current)
    {
        switch (current)
        {
            case Scalar scalar:
                return Place(Anchored(scalar.Anchor, new SourceScalar(At(current), scalar.Value, IsPlain(scalar))), current);
            case SequenceStart start:
                return Open(Anchored(start.Anchor, new SourceSequence(At(current)), isOpen: true), current);
            case MappingStart start:
                return Open(Anchored(start.Anchor, new SourceMapping(At(current)), isOpen: true), current);
            case SequenceEnd or MappingEnd:
                return Close(current);
            case AnchorAlias alias:
                return PlaceAlias(alias);
            case DocumentStart when _root is not null:
                return Refuse(PolicyCodes.SeveralDocuments, current, "the file holds more than one document", "put each TierPolicy into a file of its own");
            default:
                return true;
        }
    }

    /// <summary>An explicit <c>!!str</c> is as good as quotes.</summary>
    private static bool IsPlain(Scalar scalar) =>
        scalar.Style == ScalarStyle.Plain && (scalar.Tag.IsEmpty || scalar.Tag.Value != "tag:yaml.org,2002:str");

    private SourceNode Anchored(AnchorName anchor, SourceNode node, bool isOpen = false)
    {
        // A collection is registered when it opens and weighs 1 until it is closed: an alias to itself is caught there.
        if (!anchor.IsEmpty) _anchors[anchor.Value] = node;
        if (isOpen) _openNodes.Add(node);
        return node;
    }

    private bool PlaceAlias(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
            return Refuse(PolicyCodes.Syntax, alias, $"nothing is anchored as &{alias.Value.Value}", "a value that starts with '*' needs quotes: \"*\"");
        if (_openNodes.Contains(node))
            return Refuse(PolicyCodes.TooMany, alias, $"*{alias.Value.Value} stands inside itself", "write the value out");
        _nodes += node.Weight - 1;
        return Place(node, alias);
    }

    private bool Open(SourceNode node, ParsingEvent current)
    {
        if (_open.Count >= ReadLimits.MostDepth)
            return Refuse(PolicyCodes.TooDeep, current, $"the document is nested deeper than {ReadLimits.MostDepth}", "no field of a policy lies that deep: look for a bracket or an indentation too much");
        if (_open.TryPeek(out var parent) && parent is { Node: SourceMapping, Key: null })
            return Refuse(PolicyCodes.WrongType, current, "a mapping or a list stands where a field's name is expected", "write the name as plain text");
        _open.Push((node, null));
        return true;
    }

    private bool Close(ParsingEvent current)
    {
        var (node, _) = _open.Pop();
        _openNodes.Remove(node);
        return Place(node, current);
    }

    private bool Place(SourceNode node, ParsingEvent current)
    {
        if (++_nodes > ReadLimits.MostNodes)
            return Refuse(PolicyCodes.TooMany, current, $"the document holds more than {ReadLimits.MostNodes} values", "an alias counts as all that it stands for: write less, or fewer aliases");
        if (!_open.TryPop(out var parent))
        {
            _root = node;
            return true;
        }

        if (parent.Node is SourceMapping mapping)
        {
            if (parent.Key is null && node is not SourceScalar)
                return Refuse(PolicyCodes.WrongType, current, "a mapping or a list stands where a field's name is expected", "write the name as plain text");
            if (parent.Key is not null) mapping.Add(parent.Key, node);
            parent.Key = parent.Key is null ? (SourceScalar)node : null;
        }
        else ((SourceSequence)parent.Node).Add(node);

        _open.Push(parent);
        return true;
    }

    /// <summary>Always false: the reading ends here.</summary>
    private bool Refuse(string code, ParsingEvent at, string message, string help)
    {
        faults.Add(code, "", At(at), message, help);
        return false;
    }

    private static SourcePosition At(ParsingEvent current) => new((int)current.Start.Line, (int)current.Start.Column);

    /// <summary>The parser's own words, without the positions that some of them repeat.</summary>
    private static string Reason(YamlException exception)
    {
        var message = exception.InnerException is YamlException inner ? inner.Message : exception.Message;
        var end = message.IndexOf("): ", StringComparison.Ordinal);
        if (message.StartsWith('(') && end > 0) message = message[(end + 3)..];
        return message.Length == 0 ? "unknown" : char.ToLower(message[0], CultureInfo.InvariantCulture) + message[1..].TrimEnd('.');
    }

    /// <summary>The parser tells of a tab at the mapping that it stands in, which can be far above.</summary>
    private SourcePosition FirstTab()
    {
        var line = text.AsSpan();
        for (var number = 1; ; number++)
        {
            var spaces = line.IndexOfAnyExcept(' ');
            if (spaces >= 0 && line[spaces] == '\t') return new SourcePosition(number, spaces + 1);
            var end = line.IndexOf('\n');
            if (end < 0) return new SourcePosition(1, 1);
            line = line[(end + 1)..];
        }
    }

    private string SyntaxHelp(SourcePosition at, string reason)
    {
        var line = text.AsSpan();
        for (var skip = 1; skip < at.Line && line.IndexOf('\n') is >= 0 and var end; skip++) line = line[(end + 1)..];
        if (line.IndexOf('\n') is >= 0 and var length) line = line[..length];
        if (line.TrimStart(' ').StartsWith("\t")) return "indent with spaces, not tabs";
        return reason.Contains("anchor or alias", StringComparison.Ordinal) ? "a value that starts with '*' needs quotes: \"*\"" : "check indentation, brackets and quotes; values with ':' or '#', or that start with *, &, !, %, @ or `, need quotes";
    }
}
