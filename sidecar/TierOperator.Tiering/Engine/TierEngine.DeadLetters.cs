using TierOperator.Tiering.Sync;

namespace TierOperator.Tiering.Engine;

public sealed partial class TierEngine
{
    /// <summary>What shared tiers refused for good, oldest first.</summary>
    public IReadOnlyList<DeadLetter> ListDeadLetters() => _deadLetters.All;

    /// <summary>Sends the session of a letter anew, as it is now. False: there is no such letter.</summary>
    public bool RetryDeadLetter(long id)
    {
        if (_deadLetters.Take(id) is not { } letter) return false;
        if (_shared?.Of(letter.Tier) is not { } loop) return true;
        if (letter.Deleted != ItemVersion.None)
            _ = loop.Outbox.Note(new OwedNote(letter.Session, letter.Deleted, _clock.NowMs) { IsDelete = true }, wait: false);
        if (HeaderOf(letter.Session) is { } header)
            _ = loop.Outbox.Note(new OwedNote(letter.Session, header.Floor, _clock.NowMs) { Header = header, IsWhole = true }, wait: false);
        return true;
    }

    /// <summary>Gives a change up; what is here of the session stays. False: there is no such letter.</summary>
    public bool DropDeadLetter(long id) => _deadLetters.Take(id) is not null;
}
