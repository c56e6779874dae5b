using TierOperator.Policy.Fields;

namespace TierOperator.Policy.Documents;

/// <summary>A tier by its field's name, in the order in which reads probe them.</summary>
[LowerCaseNames]
public enum TierName { Memory, Spillover, Redis, Postgres }

/// <summary>The operators of Kubernetes label selectors.</summary>
public enum LabelOperator { In, NotIn, Exists, DoesNotExist }

/// <summary>The shape of a Redis that the operator runs.</summary>
public enum RedisTopology { Standalone, Replicated, Cluster }

/// <summary>The shape of a Redis that somebody else runs.</summary>
public enum ExternalRedisTopology { Standalone, Sentinel, Cluster }

/// <summary>What a managed Redis keeps on its disk.</summary>
public enum RedisPersistence { None, Snapshot, AppendOnly }

/// <summary>Whether connections are encrypted.</summary>
public enum TlsMode { Off, Required }

/// <summary>How a route compares a header or query parameter.</summary>
public enum FieldMatchMode { Exact, Prefix, Contains, NotContains, Exists, NotExists }

/// <summary>The HTTP version towards an origin.</summary>
public enum OriginProtocol { Auto, Http1, Http2 }

/// <summary>By what a routed response is cached.</summary>
public enum CacheMode { Http, Policy, Off }

/// <summary>YARP's load balancing policies.</summary>
public enum LoadBalancing { PowerOfTwoChoices, RoundRobin, LeastRequests, Random, FirstAlphabetical }

/// <summary>YARP's session affinity policies. HashCookie is refused: it needs a package that is not shipped.</summary>
public enum AffinityPolicy { Cookie, ArrCookie, CustomHeader, HashCookie }

/// <summary>By what sidecars tell each other of writes.</summary>
public enum Backplane { Auto, Tracking, PubSub, Notify, Off }

/// <summary>How much a sidecar logs.</summary>
public enum LogLevelName { Trace, Debug, Information, Warning, Error }

/// <summary>What a Redis client gets where HTTP answers 202.</summary>
public enum DegradedAnswer { Fail, Ok }

/// <summary>What becomes of managed backends when the policy is deleted.</summary>
public enum DeletionPolicy { Retain, Delete }
