using System.Buffers;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// A JSON body as one run of bytes, as its reader needs it, bounded by --max-document. A large one is copied out of its
/// chunks into one rented array, and the chunks go at once; the lease stays until the document is done with.
/// </summary>
internal sealed class JsonBody : IDisposable
{
    private readonly ReceivedBody _body;
    private byte[]? _rented;

    private JsonBody(ReceivedBody body) => _body = body;

    public Problem? Problem => _body.Problem;
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    public static async ValueTask<JsonBody> ReceiveAsync(Exchange exchange)
    {
        var body = await BodyReceiver.ReceiveAsync(
            exchange.Http, exchange.Engine, exchange.Services.Documents.MaxBytes, "--max-document");
        var json = new JsonBody(body);
        if (body.Problem is null) json.Open(body.Take());
        return json;
    }

    private void Open(ItemValue value)
    {
        if (value.Large is not { } large)
        {
            Bytes = value.Bytes;
            return;
        }

        _rented = ArrayPool<byte>.Shared.Rent((int)large.Length);
        value.CopyTo(_rented);
        Bytes = _rented.AsMemory(0, (int)large.Length);
        large.Release();
    }

    public void Dispose()
    {
        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
        _body.Dispose();
    }
}
