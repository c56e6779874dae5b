namespace TierOperator.Tiering.Simulation;

/// <summary>A trace file that cannot be read as one. The message names the file and what to do.</summary>
public sealed class TraceFormatException(string message, Exception? inner = null) : Exception(message, inner);
