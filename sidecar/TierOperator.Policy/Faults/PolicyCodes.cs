using System.Reflection;

namespace TierOperator.Policy.Faults;

/// <summary>What a code means in general; the message says what it means here.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class CodeAttribute(string title) : Attribute
{
    public string Title { get; } = title;
}

/// <summary>Every code that a policy can get. TP1xxx are warnings, all others faults. A code is never used again for another thing.</summary>
public static class PolicyCodes
{
    [Code("The document is empty.")] public const string Empty = "TP0001";
    [Code("The document is larger than 1 MiB.")] public const string TooLarge = "TP0002";
    [Code("The text is not YAML.")] public const string Syntax = "TP0003";
    [Code("The file holds more than one document.")] public const string SeveralDocuments = "TP0004";
    [Code("The document is not a mapping.")] public const string RootNotMapping = "TP0005";
    [Code("The document is nested too deep.")] public const string TooDeep = "TP0006";
    [Code("The document holds too many values, aliases counted as often as they are used.")] public const string TooMany = "TP0007";
    [Code("The bytes are not UTF-8 text.")] public const string NotText = "TP0008";
    [Code("A field is written twice.")] public const string DuplicateField = "TP0009";
    [Code("A field is unknown.")] public const string UnknownField = "TP0010";
    [Code("A value has the wrong type.")] public const string WrongType = "TP0011";
    [Code("A required field is missing.")] public const string Missing = "TP0012";
    [Code("A value is not one of the allowed ones.")] public const string UnknownValue = "TP0013";
    [Code("A duration is malformed.")] public const string BadDuration = "TP0014";
    [Code("A size is malformed.")] public const string BadSize = "TP0015";
    [Code("A value, a count or a length is out of its bounds.")] public const string OutOfBounds = "TP0016";
    [Code("A text does not have the form that the field asks for.")] public const string BadForm = "TP0017";
    [Code("The apiVersion is not one that this program reads.")] public const string BadApiVersion = "TP0018";
    [Code("The kind is not TierPolicy.")] public const string BadKind = "TP0019";
    [Code("A list that is a set holds an entry twice.")] public const string DuplicateEntry = "TP0020";
    [Code("A snapshot was written by a newer program.")] public const string NewerSchema = "TP0021";
    [Code("A field is written without a value.")] public const string NoValue = "TP0022";

    [Code("No tier is declared.")] public const string NoTier = "TP0101";
    [Code("Eviction would stop where it starts, or above.")] public const string EvictionBounds = "TP0102";
    [Code("A backend has not exactly one of its forms.")] public const string OneBackend = "TP0103";
    [Code("A volume has not exactly one of its forms.")] public const string OneVolume = "TP0104";
    [Code("Shards or replicas do not fit the topology.")] public const string TopologyCounts = "TP0105";

    [Code("Two rules have one name.")] public const string DuplicateRule = "TP0201";
    [Code("A rule has the name of the implicit last one.")] public const string ReservedRule = "TP0202";
    [Code("A tier is named that is not declared.")] public const string UndeclaredTier = "TP0203";
    [Code("A strategy is named that is neither declared nor built in.")] public const string UndeclaredStrategy = "TP0204";
    [Code("A glob means nothing or costs too much.")] public const string BadGlob = "TP0205";
    [Code("A condition's values do not fit its operator.")] public const string BadWhere = "TP0206";
    [Code("Behind needs the journal, and so the spillover tier.")] public const string BehindWithoutJournal = "TP0210";
    [Code("Overflow has nothing on disk until memory evicts, so a write can only be acknowledged by memory.")] public const string OverflowAck = "TP0211";
    [Code("The acknowledgement waits for a tier that the rule does not write to.")] public const string AckWithoutTier = "TP0212";
    [Code("MemoryOnly can be acknowledged by memory alone.")] public const string MemoryOnlyAck = "TP0213";
    [Code("Around needs a tier below memory.")] public const string AroundWithoutTier = "TP0214";
    [Code("Behind answers before Redis and PostgreSQL hold the write.")] public const string BehindRemoteAck = "TP0215";
    [Code("Around does not write to memory, so memory cannot acknowledge.")] public const string AroundMemoryAck = "TP0216";
    [Code("MemoryOnly writes to no other tier than memory.")] public const string MemoryOnlyTiers = "TP0217";
    [Code("Around and Overflow together would write nowhere locally.")] public const string AroundOverflow = "TP0218";
    [Code("A ttl is given for a tier that the rule does not use.")] public const string TtlWithoutTier = "TP0220";
    [Code("A template names what does not exist.")] public const string BadTemplate = "TP0221";
    [Code("Demotion needs a measure, and a tier below memory.")] public const string DemoteNowhere = "TP0222";
    [Code("Preloading needs memory to load into.")] public const string PreloadWithoutMemory = "TP0223";
    [Code("sourcePriority is given without SourcePriority, or names a tier twice.")] public const string SourcePriorityUnused = "TP0224";
    [Code("The strategy None is built in and cannot be replaced.")] public const string ReservedStrategy = "TP0225";

    [Code("Two routes have one name.")] public const string DuplicateRoute = "TP0301";
    [Code("A route covers only paths of the sidecar's own API.")] public const string ReservedPath = "TP0302";
    [Code("A path template is malformed.")] public const string BadPathTemplate = "TP0303";
    [Code("A destination is not an http or https address.")] public const string BadDestination = "TP0304";
    [Code("HashCookie affinity is not shipped.")] public const string HashCookie = "TP0305";
    [Code("stripPrefix is not the front of the route's path.")] public const string BadPrefix = "TP0306";
    [Code("The cache mode Policy needs a ttl.")] public const string CacheTtl = "TP0307";
    [Code("Two routes take the same requests.")] public const string SameRoute = "TP0308";

    [Code("A retention entry selects nothing.")] public const string RetentionWithoutMeasure = "TP0401";
    [Code("Aggregate needs into, and nothing else takes it.")] public const string AggregateInto = "TP0402";

    [Code("Two listeners have one port.")] public const string SamePort = "TP0501";
    [Code("A label condition's values do not fit its operator.")] public const string BadSelector = "TP0502";
    [Code("The backplane needs a tier that is not declared.")] public const string BackplaneTier = "TP0503";
    [Code("The backlog cannot be larger than the disk tier that holds it.")] public const string BacklogSize = "TP0504";

    [Code("ack Disk on an emptyDir survives the process and the container, not the pod or the node.")] public const string DiskAckOnEmptyDir = "TP1001";
    [Code("A rule can never match.")] public const string NeverMatches = "TP1002";
    [Code("A strategy's ttl is longer than the Redis tier's.")] public const string StrategyOutlivesTier = "TP1003";
    [Code("Conditional writes are decided by each pod for itself.")] public const string PodScope = "TP1004";
    [Code("ack Redis without replicas is held by one server.")] public const string RedisWithoutReplicas = "TP1005";
    [Code("The disk forgets before memory does.")] public const string DiskForgetsFirst = "TP1006";
    [Code("No rule carries the category of a retention entry.")] public const string UnusedCategory = "TP1007";
    [Code("kubectl reads an unquoted On, Off, Yes or No as a boolean.")] public const string UnquotedWord = "TP1008";
    [Code("The strategy None keeps a rule out of the Redis tier that it names.")] public const string StrategyNoneWithRedis = "TP1009";
    [Code("The disk is smaller than the memory that it mirrors.")] public const string DiskSmallerThanMemory = "TP1010";

    /// <summary>Every code with its title, in order.</summary>
    public static IReadOnlyList<(string Code, string Title)> All { get; } =
        [.. typeof(PolicyCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => ((string)field.GetRawConstantValue()!, field.GetCustomAttribute<CodeAttribute>()!.Title))
            .OrderBy(code => code.Item1, StringComparer.Ordinal)];

    /// <summary>Whether a code refuses the policy.</summary>
    public static PolicySeverity SeverityOf(string code) =>
        code.StartsWith("TP1", StringComparison.Ordinal) ? PolicySeverity.Warning : PolicySeverity.Fault;
}
