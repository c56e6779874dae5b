namespace TierOperator.Sidecar.Http.Calls;

/// <summary>Compacts the data folder now rather than when the engine would.</summary>
internal static class StorageCall
{
    public static async Task CompactAsync(Exchange exchange)
    {
        if (exchange.Engine.Policy.Spillover is null)
        {
            await exchange.RefuseAsync(Problems.Conflict("The policy declares no spillover tier, so there is nothing to compact."));
            return;
        }

        await exchange.Engine.CompactAsync(exchange.Aborted);
        await JsonAnswer.WriteAsync(exchange.Http, 200, json => json.WriteBoolean("compacted", true));
    }
}
