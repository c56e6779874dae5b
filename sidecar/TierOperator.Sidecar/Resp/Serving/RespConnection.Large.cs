using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespConnection
{
    private readonly List<(int Argument, LargeValue Value)> _larges = [];
    private ArgumentIntake? _intake;

    /// <summary>
    /// Goes on with a large argument: what the buffer holds of it moves over, the rest comes from the socket. True when it is whole
    /// and parsing goes on.
    /// </summary>
    private bool TakeLarge()
    {
        _neededBytes = 0;
        if (_intake is null && !BeginIntake(_parser.LargeLength)) return false;
        var intake = _intake!;
        var at = _parser.LargeOffset;
        _in.Cut(at, intake.Take(_in.Buffered[at..]));
        if (!intake.IsFull) return false;
        // As for any argument, what stands in the place of CR LF is passed over.
        if (_in.Length - at < LineEnd)
        {
            _neededBytes = at + LineEnd;
            return false;
        }

        _in.Cut(at, LineEnd);
        _larges.Add((_parser.Count, intake.Finish()));
        _intake = null;
        _parser.LargeTaken();
        return true;
    }

    private const int LineEnd = 2;

    private bool BeginIntake(int length)
    {
        if (_roomBytes < length && !TryTakeRoom(length))
        {
            MakeRoom(length, () => _roomBytes = length);
            return false;
        }

        _roomBytes = 0;
        _intake = new ArgumentIntake(length);
        return true;
    }

    private void ReceiveLarge(ArgumentIntake intake)
    {
        var count = socket.Receive(intake.Room);
        if (count is 0 or -2)
        {
            End(isBroken: count != 0);
            return;
        }

        if (count < 0) return;
        intake.Filled(count);
        State.LastInteractionMs = Environment.TickCount64;
        server.CountInput(count);
        if (intake.IsFull) Process();
    }

    private void ForgetLarges()
    {
        if (_larges.Count == 0) return;
        foreach (var (_, value) in _larges) value.Release();
        _larges.Clear();
    }
}
