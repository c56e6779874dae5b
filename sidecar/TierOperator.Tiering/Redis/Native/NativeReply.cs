using System.Text;

namespace TierOperator.Tiering.Redis.Native;

/// <summary>
/// What the server answered, as it stands on the wire, an error too; or, in <see cref="Fault"/>, why there is no answer: the command
/// may or may not have happened then.
/// </summary>
public readonly record struct NativeReply(byte[] Frame, string? Fault)
{
    public bool IsError => Fault is not null || Frame is [(byte)'-', ..] or [(byte)'!', ..];

    /// <summary>An error's text without the leading <c>-</c>; empty for anything else.</summary>
    public string ErrorText => Fault ?? (Frame is [(byte)'-', ..] ? Encoding.Latin1.GetString(Frame, 1, Frame.Length - 3) : "");

    /// <summary>An integer's value; -1 for anything else.</summary>
    public long Integer => Frame is [(byte)':', ..] && Resp.RespNumber.TryParse(Frame.AsSpan(1, Frame.Length - 3), out var number) ? number : -1;

    public bool IsNull => Frame is [(byte)'_', ..] or [(byte)'*', (byte)'-', ..] or [(byte)'$', (byte)'-', ..];

    internal static NativeReply Of(string errorText) => new([.. "-"u8, .. Encoding.Latin1.GetBytes(errorText.ReplaceLineEndings(" ")), .. "\r\n"u8], null);
}
