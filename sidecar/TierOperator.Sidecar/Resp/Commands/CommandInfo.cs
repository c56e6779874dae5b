using System.Text;
using TierOperator.Resp;
using TierOperator.Sidecar.Resp.Native;

namespace TierOperator.Sidecar.Resp.Commands;

/// <summary>One command as COMMAND INFO tells it, from the sheet of Redis 7.0; of subcommands those that are served.</summary>
internal static class CommandInfo
{
    public static void Write(RespWriter reply, Command command)
    {
        var fact = command.Fact!;
        reply.Array(10);
        reply.Bulk(fact.Name);
        reply.Integer(fact.Arity);
        WriteNames(reply, fact.Flags, "");
        reply.Integer(fact.Keys.First);
        reply.Integer(fact.Keys.Last);
        reply.Integer(fact.Keys.Step);
        WriteNames(reply, fact.Categories, "@");
        reply.Set(fact.Tips.Count);
        foreach (var tip in fact.Tips) reply.Bulk(tip);
        reply.Set(fact.Specifications.Count);
        foreach (var specification in fact.Specifications) Write(reply, specification);
        var subcommands = (command.Subcommands ?? []).Where(sub => sub.Fact is not null).ToList();
        reply.Set(subcommands.Count);
        foreach (var sub in subcommands) Write(reply, sub);
    }

    public static void WriteNames(RespWriter reply, IReadOnlyList<string> names, string before)
    {
        reply.Set(names.Count);
        foreach (var name in names) reply.Simple(Encoding.ASCII.GetBytes(before + name));
    }

    private static void Write(RespWriter reply, KeySpecification specification)
    {
        reply.Map(3);
        reply.Bulk("flags"u8);
        WriteNames(reply, specification.Flags, "");
        reply.Bulk("begin_search"u8);
        WriteBegin(reply, specification);
        reply.Bulk("find_keys"u8);
        WriteFind(reply, specification);
    }

    private static void WriteBegin(RespWriter reply, KeySpecification specification)
    {
        (string, object)[] facts = specification.IsUnknown ? []
            : specification.Keyword is { } keyword ? [("keyword", keyword), ("startfrom", specification.Begin)]
            : [("index", specification.Begin)];
        WriteTyped(reply, specification.IsUnknown ? "unknown" : specification.Keyword is null ? "index" : "keyword", facts);
    }

    private static void WriteFind(RespWriter reply, KeySpecification specification)
    {
        var (first, second, third) = specification.Find;
        (string, object)[] facts = specification.IsUnknown ? []
            : specification.IsCounted ? [("keynumidx", first), ("firstkey", second), ("keystep", third)]
            : [("lastkey", first), ("keystep", second), ("limit", third)];
        WriteTyped(reply, specification.IsUnknown ? "unknown" : specification.IsCounted ? "keynum" : "range", facts);
    }

    private static void WriteTyped(RespWriter reply, string type, (string Name, object Value)[] facts)
    {
        reply.Map(2);
        reply.Bulk("type"u8);
        reply.Bulk(type);
        reply.Bulk("spec"u8);
        reply.Map(facts.Length);
        foreach (var (name, value) in facts)
        {
            reply.Bulk(name);
            if (value is int number) reply.Integer(number);
            else reply.Bulk((string)value);
        }
    }
}
