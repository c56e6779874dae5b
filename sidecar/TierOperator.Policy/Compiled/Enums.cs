namespace TierOperator.Policy.Compiled;

/// <summary>The tiers in the order in which a read probes them. Flags, so that a rule's tiers are one value.</summary>
[Flags]
public enum TierSet { None = 0, Memory = 1, Spillover = 2, Redis = 4, Postgres = 8 }

/// <summary>When the lower tiers get a write. Source: engine.md, "Writing".</summary>
public enum WriteMode { Through, Behind, Around, MemoryOnly }

/// <summary>What must hold a write before it is answered.</summary>
public enum AckLevel { Memory, Disk, Redis, Postgres, All }

/// <summary>What a caller gets when a tier that is needed cannot answer.</summary>
public enum TierFailure { Degrade, Fail }

/// <summary>The measure by which memory chooses whole sessions to evict.</summary>
public enum EvictionKind { Adaptive, LRU, LFU, Age, S3FIFO }

/// <summary>Mirror: every write is on disk too. Overflow: disk holds only what memory evicted.</summary>
public enum SpilloverMode { Mirror, Overflow }

/// <summary>How values are compressed in a tier. Auto decides by size and measured gain.</summary>
public enum CompressionKind { Auto, None, Brotli, Zstd }

/// <summary>Which of two conflicting versions wins.</summary>
public enum ConflictStrategy { LatestWins, Merge, SourcePriority, Manual }

/// <summary>What retention does with what it selects.</summary>
public enum RetentionAction { Delete, Archive, Compress, Aggregate, Export }
