using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;

namespace TierOperator.Policy.Compiling;

/// <summary>Compiles the routes of one policy, and the rules under which the engine keeps their responses.</summary>
internal sealed class RouteCompiler(SpecDocument spec, RuleCompiler rules)
{
    private static readonly string[] s_policyStatusCodes = ["200", "203", "204", "300", "301", "308", "404", "410"];
    private const TierSet Shared = TierSet.Redis | TierSet.Postgres;
    private readonly TierSet _declared = RuleDefaults.Declared(spec.Tiers);
    private int _compiled;

    public CompiledRoute Compile(RouteDocument route) => new()
    {
        Name = route.Name!,
        Index = _compiled++,
        Match = new CompiledRouteMatch(
            route.Match!.Path!, route.Match.Methods ?? [], route.Match.Hosts ?? [], Compile(route.Match.Headers), Compile(route.Match.Query)),
        Origin = Compile(route.Origin!),
        Cache = Compile(route.Cache!),
    };

    /// <summary>
    /// For each route a rule for responses, and where the disk mirrors one for bodies that pass memory by. The last rule
    /// takes what is left of routes that are no more: each such response still ends at its own deadline.
    /// </summary>
    public IReadOnlyList<RuleMatcher.Entry> CompileRules(int firstIndex)
    {
        var entries = new List<RuleMatcher.Entry>();
        foreach (var route in spec.Routes ?? [])
        {
            var (name, tiers) = (route.Name!, TiersOf(route.Cache!));
            Add(entries, firstIndex, $"route/{name}", tiers, WriteMode.Through, ReservedKeys.ResponsesOf(name));
            if (KeepsLargeBodies(tiers)) Add(entries, firstIndex, $"route/{name}/local", tiers & ~Shared, WriteMode.Through, ReservedKeys.LocalResponsesOf(name));
            if (KeepsLargeBodies(tiers)) Add(entries, firstIndex, $"route/{name}/body", TierSet.Spillover, WriteMode.Around, ReservedKeys.BodiesOf(name));
        }

        // A purge must reach every sidecar, by whichever tier they share.
        Add(entries, firstIndex, "route/purges", _declared, WriteMode.Through, ReservedKeys.Purges);
        Add(entries, firstIndex, "route/", _declared & ~TierSet.Postgres, WriteMode.Through, [ReservedKeys.FirstByte]);
        return entries;
    }

    // A response can always be had again: nobody waits for a disk before it is served. Bodies that go there chunk by chunk
    // do wait, or what is on its way would pile up in memory.
    private void Add(List<RuleMatcher.Entry> entries, int firstIndex, string name, TierSet tiers, WriteMode write, byte[] prefix)
    {
        if (tiers == TierSet.None) write = WriteMode.MemoryOnly;
        var written = new RuleDocument { Write = write, Ack = write == WriteMode.Around ? AckLevel.Disk : AckLevel.Memory, Tiers = NamesOf(tiers) };
        var carrier = new TierPolicyDocument { Spec = new SpecDocument { Rules = [written with { Name = name }] } };
        var rule = EffectiveDocument.Of(carrier).Spec!.Rules![0];
        var compiled = rules.Compile(rule, firstIndex + entries.Count, Glob.StartingWith(name, prefix));

        // No strategy: shared tiers hold all of it, for as long as it is of use.
        entries.Add(compiled with { Rule = compiled.Rule with { Strategy = null } });
    }

    private static TierName[] NamesOf(TierSet tiers) => [.. Enum.GetValues<TierName>().Where(name => tiers.HasFlag(RuleDefaults.FlagOf(name)))];

    private TierSet TiersOf(RouteCacheDocument cache)
        => cache.Tiers?.Aggregate(TierSet.None, (set, name) => set | RuleDefaults.FlagOf(name)) ?? _declared & ~TierSet.Postgres;

    private bool KeepsLargeBodies(TierSet tiers) => tiers.HasFlag(TierSet.Spillover) && RuleDefaults.ModeOf(spec.Tiers) == SpilloverMode.Mirror;

    private static CompiledOrigin Compile(OriginDocument origin) => new()
    {
        Destinations = [.. origin.Destinations!.Select(destination => new Uri(destination))],
        Host = origin.Host,
        StripPrefix = origin.StripPrefix,
        AddPrefix = origin.AddPrefix,
        Protocol = origin.Protocol!.Value,
        RequestHeaders = Compile(origin.RequestHeaders),
        ResponseHeaders = Compile(origin.ResponseHeaders),
        CaSecret = origin.Tls?.CaSecretRef?.Name,
        ClientCertSecret = origin.Tls?.ClientCertSecretRef?.Name,
        LoadBalancing = origin.LoadBalancing!.Value,
        Affinity = origin.SessionAffinity is { } affinity ? new CompiledAffinity(affinity.Policy!.Value, affinity.KeyName!) : null,
        HealthCheck = origin.HealthCheck is { } check
            ? new CompiledHealthCheck(check.Path, check.Interval!.Value.Value, check.Timeout!.Value.Value, check.EjectFor!.Value.Value)
            : null,
        Timeout = origin.Timeout!.Value.Value,
    };

    private static CompiledHeaderChanges Compile(HeaderChangesDocument? changes) => new(changes?.Set ?? new Dictionary<string, string>(), changes?.Remove ?? []);

    private static CompiledFieldMatch[] Compile(IReadOnlyList<FieldMatchDocument>? fields) =>
        [.. (fields ?? []).Select(field => new CompiledFieldMatch(
            field.Name!, field.Values ?? [], field.Values is null && field.Mode == FieldMatchMode.Exact ? FieldMatchMode.Exists : field.Mode!.Value))];

    private CompiledRouteCache Compile(RouteCacheDocument cache) => new()
    {
        Mode = TiersOf(cache) == TierSet.None ? CacheMode.Off : cache.Mode!.Value,
        Tiers = TiersOf(cache),
        Ttl = cache.Ttl?.Value,
        NegativeTtl = cache.NegativeTtl?.Value,
        StaleWhileRevalidate = cache.StaleWhileRevalidate!.Value.Value,
        StaleIfError = cache.StaleIfError!.Value.Value,
        Vary = cache.Vary ?? [],
        KeyQuery = cache.Key?.Query,
        CachesGet = cache.Methods?.Contains("GET") ?? true,
        CachesHead = cache.Methods?.Contains("HEAD") ?? true,
        StatusCodes = [.. (cache.StatusCodes ?? s_policyStatusCodes).Select(int.Parse)],
        Tags = cache.Tags ?? [],
        KeepsLargeBodies = KeepsLargeBodies(TiersOf(cache)),
    };
}
