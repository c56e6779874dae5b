namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>The classes of keyspace notifications, and the letters that <c>notify-keyspace-events</c> has for them.</summary>
[Flags]
internal enum KeyEventClass
{
    None = 0,
    Keyspace = 1,
    Keyevent = 2,
    Generic = 4,
    String = 8,
    List = 16,
    Set = 32,
    Hash = 64,
    SortedSet = 128,
    Expired = 256,
    Evicted = 512,
    Stream = 1024,
    Miss = 2048,
    Module = 8192,
    New = 16384,
    All = Generic | String | List | Set | Hash | SortedSet | Expired | Evicted | Stream | Module,
}

internal static class KeyEventClasses
{
    private static readonly (char Letter, KeyEventClass Class)[] s_letters =
    [
        ('g', KeyEventClass.Generic), ('$', KeyEventClass.String), ('l', KeyEventClass.List), ('s', KeyEventClass.Set),
        ('h', KeyEventClass.Hash), ('z', KeyEventClass.SortedSet), ('x', KeyEventClass.Expired), ('e', KeyEventClass.Evicted),
        ('t', KeyEventClass.Stream), ('d', KeyEventClass.Module),
    ];

    /// <summary>Null when a letter is not known.</summary>
    public static KeyEventClass? Parse(string text)
    {
        var classes = KeyEventClass.None;
        foreach (var letter in text)
        {
            var one = letter switch
            {
                'A' => KeyEventClass.All,
                'K' => KeyEventClass.Keyspace,
                'E' => KeyEventClass.Keyevent,
                'm' => KeyEventClass.Miss,
                'n' => KeyEventClass.New,
                _ => s_letters.FirstOrDefault(known => known.Letter == letter).Class,
            };
            if (one == KeyEventClass.None) return null;
            classes |= one;
        }

        return classes;
    }

    /// <summary>The letters in Redis' order.</summary>
    public static string Format(KeyEventClass classes)
    {
        var text = new System.Text.StringBuilder();
        if (classes.HasFlag(KeyEventClass.All)) text.Append('A');
        else foreach (var (letter, one) in s_letters) if (classes.HasFlag(one)) text.Append(letter);
        if (classes.HasFlag(KeyEventClass.Keyspace)) text.Append('K');
        if (classes.HasFlag(KeyEventClass.Keyevent)) text.Append('E');
        if (classes.HasFlag(KeyEventClass.Miss)) text.Append('m');
        if (classes.HasFlag(KeyEventClass.New)) text.Append('n');
        return text.ToString();
    }
}
