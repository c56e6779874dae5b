using Microsoft.Extensions.Logging.Abstractions;

namespace TierOperator.Sidecar.Routes;

/// <summary>
/// The proxy's way to the sidecar's log: warnings and errors of what it is, and nothing of single requests, whose lines
/// would hold their URLs.
/// </summary>
internal sealed class ProxyLoggers(ILoggerFactory inner) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName)
        => categoryName.Contains(".Forwarder", StringComparison.Ordinal) ? NullLogger.Instance : new Warnings(inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The sidecar's own factory has the providers.");

    public void Dispose() { }

    private sealed class Warnings(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
