using System.Text;
using TierOperator.Resp;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Serving;

/// <summary>Something that happened to a key, for those who subscribed to keyspace notifications.</summary>
internal readonly record struct KeyEvent(KeyEventClass Class, string Name, byte[] Key);

/// <summary>
/// One command that works on keys, while they are held still: arguments, sessions and the reply. It may run again from the
/// start, and then forgets what it wrote.
/// </summary>
/// <remarks>Made for reuse, one user at a time. A handler writes exactly one reply, and stages nothing before it has refused.</remarks>
internal sealed partial class KeyCall : ISessionEdit
{
    /// <summary>The item that holds a string's bytes; over HTTP it is <c>/v1/sessions/KEY/items/value</c>.</summary>
    public static ReadOnlySpan<byte> StringItem => "value"u8;
    public static readonly ReadOnlyMemory<byte> StringItemName = StringItem.ToArray();
    public const byte HashKind = 0, StringKind = 1;

    private int _replyStart;

    public RespArguments Arguments { get; private set; } = new();
    public RespWriter Reply { get; private set; } = null!;
    public EditScope Scope { get; private set; } = new();
    public Commands.Command Command { get; private set; } = null!;
    public List<KeyEvent> Events { get; private set; } = [];

    /// <summary>The largest string, in bytes.</summary>
    public long MaxStringBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>Somebody listens to keyspace notifications; else events are not even made.</summary>
    public bool WantsEvents { get; set; }

    /// <summary>Stop, with nothing done, at a key that is no session: Redis may have it.</summary>
    public bool StopsAtAbsent { get; set; }
    public bool HasStopped { get; private set; }

    /// <summary>What watched keys look like, in the order of the scope.</summary>
    public List<(byte[] Key, ulong Fingerprint)> Fingerprints { get; } = [];
    public long NowMs => Scope.NowMs;
    public int Count => Arguments.Count;

    /// <summary>Aims the call at a command and its reply's place.</summary>
    public void Begin(Commands.Command command, RespArguments arguments, RespWriter reply)
    {
        (Command, Arguments, Reply, _replyStart) = (command, arguments, reply, reply.Length);
        _insertsFrom = reply.Length;
        Scope.Begin(!command.IsWrite);
        Scope.IsBlind = command.IsBlind;
        AddKeys(Scope);
        Events.Clear();
    }

    /// <summary>Aims the call at one command of a transaction, whose scope and events it shares.</summary>
    public void BeginIn(KeyCall transaction, Commands.Command command, RespArguments arguments, RespWriter reply)
    {
        (Command, Arguments, Reply, _replyStart) = (command, arguments, reply, reply.Length);
        (Scope, Events, WantsEvents, MaxStringBytes) = (transaction.Scope, transaction.Events, transaction.WantsEvents, transaction.MaxStringBytes);
    }

    public void Run(EditScope scope)
    {
        Reply.Truncate(_replyStart);
        Events.Clear();
        ForgetInserts();
        HasStopped = StopsAtAbsent && HasAbsent(scope);
        if (HasStopped) return;
        Command.OnKeys!(this);
    }

    public static bool HasAbsent(EditScope scope)
    {
        for (var i = 0; i < scope.Count; i++)
            if (!scope[i].Exists) return true;
        return false;
    }

    /// <summary>Runs once within a transaction's edit.</summary>
    public void RunIn() => Command.OnKeys!(this);

    /// <summary>The session of the key that stands at an argument.</summary>
    public EditedSession Session(int argument) => Scope.Of(Arguments[argument]);

    public void AddKeys(EditScope scope)
    {
        var places = Command.Keys;
        if (places.First == 0) return;
        var last = places.LastOf(Arguments.Count);
        for (var i = places.First; i <= last && i < Arguments.Count; i += places.Step) scope.Add(Arguments.Memory(i));
    }

    /// <summary>The command's keys.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> KeysOf()
    {
        var last = Command.Keys.LastOf(Arguments.Count);
        for (var i = Command.Keys.First; i > 0 && i <= last && i < Arguments.Count; i += Command.Keys.Step) yield return Arguments.Memory(i);
    }

    /// <summary>True, with the error written, when the key holds another type.</summary>
    public bool IsWrong(EditedSession session, byte kind)
    {
        if (!session.Exists || session.Kind == kind) return false;
        Reply.Error(Errors.WrongType);
        return true;
    }

    /// <summary>The string at a key: empty and false when there is none.</summary>
    public static bool TryString(EditedSession session, out ReadOnlySpan<byte> value)
    {
        value = default;
        return session.Exists && session.TryGet(StringItem, out value);
    }

    /// <summary>Stores a string over whatever was there; the deadline stays as it is.</summary>
    public static void PutString(EditedSession session, ReadOnlyMemory<byte> value) => PutString(session, ItemValue.From(value));

    /// <summary>The same; a large value's reference is taken over.</summary>
    public static void PutString(EditedSession session, ItemValue value)
    {
        if (session.Exists && session.Kind != StringKind)
        {
            var deadline = session.DeadlineMs;
            session.Clear();
            session.SetDeadline(deadline);
        }

        session.Become(StringKind);
        session.Put(StringItem, value);
    }

    public void Fail(string error) => Reply.Error(Encoding.Latin1.GetBytes(error));

    public void Notify(KeyEventClass kind, string name, ReadOnlySpan<byte> key)
    {
        if (WantsEvents) Events.Add(new KeyEvent(kind, name, key.ToArray()));
    }

    /// <summary>An argument as text that may be quoted in an error.</summary>
    public string Text(int argument) => Errors.Shown(Arguments[argument], int.MaxValue);
}
