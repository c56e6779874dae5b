using System.Buffers;
using TierOperator.Tiering.Engine;
using TierOperator.Tiering.Values;

namespace TierOperator.Sidecar.Http;

/// <summary>
/// Takes a body in without ever holding it twice. Under 64 KiB it goes to a pooled buffer; a larger one goes under a
/// lease of the in-flight budget straight into the chunks that the engine will keep.
/// </summary>
internal static class BodyReceiver
{
    /// <summary>What an upload of unknown length reserves at a time.</summary>
    private const int GrowBytes = LargeValue.ChunkBytes;

    public static ValueTask<ReceivedBody> ReceiveAsync(HttpContext http, TierEngine engine, long maxBytes, string flag)
    {
        var length = http.Request.ContentLength;
        if (Check(http.Request.Headers) is { } problem) return new(ReceivedBody.Refused(problem));
        if (length > engine.InFlightCapacityBytes && length <= maxBytes) return new(ReceivedBody.Refused(NeverFits(engine)));
        if (length > maxBytes) return new(ReceivedBody.Refused(Problems.TooLarge(maxBytes, flag)));
        if (length >= ItemValue.LargeFrom) return ReceiveLargeAsync(http, engine, length.Value);
        return ReceiveSmallAsync(http, engine, length, maxBytes, flag);
    }

    /// <summary>What would be stored as something else than the client means.</summary>
    private static Problem? Check(IHeaderDictionary headers)
    {
        if (headers.ContentRange.Count > 0) return Problems.Malformed("Content-Range: parts of an item cannot be written. Send it whole.");
        var encoding = headers.ContentEncoding;
        return encoding.Count == 0 || string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase) ? null : Problems.EncodedBody();
    }

    private static Problem NeverFits(TierEngine engine) => Problems.TooLarge(engine.InFlightCapacityBytes, "--in-flight");

    private static async ValueTask<ReceivedBody> ReceiveSmallAsync(
        HttpContext http, TierEngine engine, long? length, long maxBytes, string flag)
    {
        var reader = http.Request.BodyReader;
        var buffer = ArrayPool<byte>.Shared.Rent((int)(length ?? ItemValue.LargeFrom));
        var filled = 0;
        var kept = false;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(http.RequestAborted);
                if (filled + read.Buffer.Length >= ItemValue.LargeFrom)
                {
                    reader.AdvanceTo(read.Buffer.Start, read.Buffer.Start);
                    return await ReceiveUnknownAsync(http, engine, buffer.AsMemory(0, filled), maxBytes, flag);
                }

                read.Buffer.CopyTo(buffer.AsSpan(filled));
                filled += (int)read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
                if (!read.IsCompleted) continue;
                kept = true;
                return ReceivedBody.FromPool(buffer, filled);
            }
        }
        finally
        {
            if (!kept) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask<ReceivedBody> ReceiveLargeAsync(HttpContext http, TierEngine engine, long length)
    {
        if (await engine.TryLeaseAsync(length, http.RequestAborted) is not { } lease) return ReceivedBody.Refused(Problems.OverBudget());
        var large = LargeValue.Allocate(length);
        var whole = false;
        try
        {
            var reader = http.Request.BodyReader;
            for (var offset = 0L; ;)
            {
                var read = await reader.ReadAsync(http.RequestAborted);
                foreach (var segment in read.Buffer)
                {
                    large.Write(offset, segment.Span);
                    offset += segment.Length;
                }

                reader.AdvanceTo(read.Buffer.End);
                if (!read.IsCompleted) continue;
                whole = true;
                return ReceivedBody.FromLarge(large, lease);
            }
        }
        finally
        {
            if (!whole) GiveBack(large, lease);
        }
    }

    // No Content-Length: chunks are added as they fill, and the budget is asked for each.
    private static async ValueTask<ReceivedBody> ReceiveUnknownAsync(
        HttpContext http, TierEngine engine, ReadOnlyMemory<byte> start, long maxBytes, string flag)
    {
        if (await engine.TryLeaseAsync(GrowBytes, http.RequestAborted) is not { } lease) return ReceivedBody.Refused(Problems.OverBudget());
        var building = new LargeValueBuilder();
        var kept = false;
        try
        {
            building.Append(start.Span);
            var reader = http.Request.BodyReader;
            for (var reserved = (long)GrowBytes; ;)
            {
                var read = await reader.ReadAsync(http.RequestAborted);
                var total = building.Length + read.Buffer.Length;
                var refusal = total > maxBytes ? Problems.TooLarge(maxBytes, flag) : null;
                if (refusal is null && total > engine.InFlightCapacityBytes) refusal = NeverFits(engine);
                for (; refusal is null && reserved < total; reserved += GrowBytes)
                    if (!lease.TryGrow(GrowBytes)) refusal = Problems.OverBudget();
                if (refusal is not null)
                {
                    reader.AdvanceTo(read.Buffer.End);
                    return ReceivedBody.Refused(refusal);
                }

                foreach (var segment in read.Buffer) building.Append(segment.Span);
                reader.AdvanceTo(read.Buffer.End);
                if (!read.IsCompleted) continue;
                kept = true;
                return ReceivedBody.FromLarge(building.Build(), lease);
            }
        }
        finally
        {
            building.Dispose();
            if (!kept) lease.Dispose();
        }
    }

    private static void GiveBack(LargeValue large, InFlightLease lease)
    {
        large.Release();
        lease.Dispose();
    }
}
