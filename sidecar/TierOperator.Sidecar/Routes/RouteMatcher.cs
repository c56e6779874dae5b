using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using TierOperator.Policy.Compiled;
using TierOperator.Policy.Documents;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// Finds the route of a request: the most specific path template that fits, as ASP.NET orders them, then the route that
/// asks for more, then the order of the policy. Immutable.
/// </summary>
internal sealed class RouteMatcher
{
    private readonly Candidate[] _candidates;

    public RouteMatcher(IReadOnlyList<RouteEntry> routes, IInlineConstraintResolver constraints)
        => _candidates = [.. routes.Select(route => new Candidate(route, constraints))
            .OrderBy(candidate => candidate.Precedence).ThenByDescending(candidate => candidate.Asks).ThenBy(candidate => candidate.Route.Route.Index)];

    public RouteEntry? Match(IHttpRequestFeature request)
    {
        foreach (var candidate in _candidates)
            if (candidate.Fits(request)) return candidate.Route;
        return null;
    }

    /// <summary>The routes with a cache that could take a request for this path, whatever else they ask of it.</summary>
    public IEnumerable<RouteEntry> CachesOf(string path)
        => _candidates.Where(candidate => candidate.Route.IsCached && candidate.FitsPath(path)).Select(candidate => candidate.Route);

    private sealed class Candidate
    {
        private readonly CompiledRouteMatch _match;
        private readonly string? _literal;
        private readonly string? _prefix;
        private readonly TemplateMatcher? _template;
        private readonly List<(string Name, IRouteConstraint Constraint)> _constraints = [];

        public Candidate(RouteEntry route, IInlineConstraintResolver constraints)
        {
            Route = route;
            _match = route.Route.Match;
            Asks = Math.Sign(_match.Methods.Count) + Math.Sign(_match.Hosts.Count) + _match.Headers.Count + _match.Query.Count;
            var template = TemplateParser.Parse(_match.Path.TrimStart('/'));
            Precedence = RoutePrecedence.ComputeInbound(template);
            if (!_match.Path.Contains('{', StringComparison.Ordinal)) _literal = _match.Path.TrimEnd('/');
            else if (IsPrefix(template)) _prefix = _match.Path[.._match.Path.IndexOf('{', StringComparison.Ordinal)].TrimEnd('/');
            else _template = new TemplateMatcher(template, []);
            foreach (var parameter in template.Parameters)
                foreach (var constraint in parameter.InlineConstraints)
                    if (constraints.ResolveConstraint(constraint.Constraint) is { } resolved) _constraints.Add((parameter.Name!, resolved));
        }

        public RouteEntry Route { get; }
        public decimal Precedence { get; }
        public int Asks { get; }

        public bool Fits(IHttpRequestFeature request)
            => FitsPath(request.Path)
               && (_match.Methods.Count == 0 || _match.Methods.Contains(request.Method))
               && (Asks == 0 || (FitsHost(request.Headers.Host) && FitsFields(request)));

        public bool FitsPath(string path)
        {
            if (_literal is not null)
                return path.AsSpan().TrimEnd('/').Equals(_literal, StringComparison.OrdinalIgnoreCase);
            if (_prefix is not null)
                return path.StartsWith(_prefix, StringComparison.OrdinalIgnoreCase) && (path.Length == _prefix.Length || path[_prefix.Length] == '/');
            var values = new RouteValueDictionary();
            if (!_template!.TryMatch(new PathString(path), values)) return false;
            foreach (var (name, constraint) in _constraints)
                if (values.ContainsKey(name) && !constraint.Match(null, null, name, values, RouteDirection.IncomingRequest)) return false;
            return true;
        }

        private bool FitsHost(StringValues host)
        {
            if (_match.Hosts.Count == 0) return true;
            var asked = new HostString(host.ToString());
            foreach (var pattern in _match.Hosts)
                if (FitsHost(new HostString(pattern), asked)) return true;
            return false;
        }

        private static bool FitsHost(HostString pattern, HostString asked)
        {
            if (pattern.Port is { } port && port != (asked.Port ?? 80)) return false;
            return pattern.Host.StartsWith("*.", StringComparison.Ordinal)
                ? asked.Host.EndsWith(pattern.Host[1..], StringComparison.OrdinalIgnoreCase)
                : asked.Host.Equals(pattern.Host, StringComparison.OrdinalIgnoreCase);
        }

        private bool FitsFields(IHttpRequestFeature request)
        {
            foreach (var field in _match.Headers)
                if (!FitsField(field, request.Headers[field.Name], StringComparison.OrdinalIgnoreCase)) return false;
            if (_match.Query.Count == 0) return true;
            var query = QueryHelpers.ParseNullableQuery(request.QueryString);
            foreach (var field in _match.Query)
                if (!FitsField(field, query is null ? default : query.GetValueOrDefault(field.Name), StringComparison.Ordinal)) return false;
            return true;
        }

        private static bool FitsField(CompiledFieldMatch field, StringValues given, StringComparison comparison) => field.Mode switch
        {
            FieldMatchMode.Exists => given.Count > 0,
            FieldMatchMode.NotExists => given.Count == 0,
            FieldMatchMode.Prefix => given.Any(value => field.Values.Any(wanted => value!.StartsWith(wanted, comparison))),
            FieldMatchMode.Contains => given.Any(value => field.Values.Any(wanted => value!.Contains(wanted, comparison))),
            FieldMatchMode.NotContains => !given.Any(value => field.Values.Any(wanted => value!.Contains(wanted, comparison))),
            _ => given.Any(value => field.Values.Any(wanted => value!.Equals(wanted, comparison))),
        };

        // Literal segments and then one parameter that takes all the rest, without a constraint.
        private static bool IsPrefix(RouteTemplate template)
            => template.Segments[^1].Parts is [{ IsCatchAll: true, InlineConstraints: var inline }] && !inline.Any()
               && template.Segments.Take(template.Segments.Count - 1).All(segment => segment.IsSimple && segment.Parts[0].IsLiteral);
    }
}
