using Microsoft.Extensions.Logging.Console;

namespace TierOperator.Sidecar.Hosting;

/// <summary>
/// Logs to standard error, as lines for people or as JSON for programs. Standard output carries only the ready line. The
/// operator's executable is built with this file too.
/// </summary>
internal static class Logging
{
    public static ILoggerFactory Create(LogLevel level, bool isJson) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(level);
        // Kestrel tells every broken connection at Debug; what clients do wrong is in the metrics.
        logging.AddFilter("Microsoft.AspNetCore", level > LogLevel.Warning ? level : LogLevel.Warning);
        logging.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = isJson ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple;
        });
        logging.AddSimpleConsole(simple =>
        {
            simple.SingleLine = true;
            simple.UseUtcTimestamp = true;
            simple.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            simple.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.AddJsonConsole(json =>
        {
            json.UseUtcTimestamp = true;
            json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
            console.FormatterName = isJson ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple);
    });
}
