using TierOperator.Resp;

namespace TierOperator.Sidecar.Resp.Serving;

internal sealed partial class RespConnection
{
    private void Receive()
    {
        if (_intake is { IsFull: false } intake)
        {
            ReceiveLarge(intake);
            return;
        }

        if (!MayGrow())
        {
            // Held until there is room: nothing is read meanwhile.
            Send();
            return;
        }

        var count = socket.Receive(_in.Room(_neededBytes).Span);
        if (count is 0 or -2)
        {
            End(isBroken: count != 0);
            return;
        }

        if (count < 0) return;
        _in.Filled(count);
        State.LastInteractionMs = Environment.TickCount64;
        server.CountInput(count);
        if (_in.Length >= _neededBytes) Process();
    }

    /// <summary>
    /// The client sends nothing more. It may still read: what was answered, or waits for its write to be durable, is sent before the
    /// connection ends (<c>printf … | nc</c> hears its reply).
    /// </summary>
    private void End(bool isBroken)
    {
        if (isBroken || IsLeaving || Output.IsEmpty)
        {
            Close();
            return;
        }

        IsLeaving = true;
        Send();
    }

    private bool TakeCommand()
    {
        var status = _parser.Parse(_in.Buffered);
        _neededBytes = status == RespCommandStatus.Incomplete ? _parser.NeededBytes : 0;
        switch (status)
        {
            case RespCommandStatus.Command:
                _arguments.Load(_parser, _in.BufferedMemory, _larges);
                _in.Consume(_parser.ConsumedBytes);
                server.Execute(this, _arguments);
                ForgetLarges();
                return true;
            case RespCommandStatus.Large:
                return TakeLarge();
            case RespCommandStatus.Empty:
                _in.Consume(_parser.ConsumedBytes);
                return true;
            case RespCommandStatus.Faulty:
                Reply.Error(_parser.Fault);
                IsLeaving = true;
                return false;
            default:
                return false;
        }
    }
}
