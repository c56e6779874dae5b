using TierOperator.Policy.Faults;

namespace TierOperator.Policy.Validation;

/// <summary>Each listener has a port of its own; 0 is a free one each time. What is not written counts with its default.</summary>
internal sealed class PortRule : IValidationRule
{
    public void Check(ValidationContext context)
    {
        if (context.Spec.Sidecar?.Ports is not { } ports || context.IsBroken("spec.sidecar.ports")) return;
        var effective = context.Effective.Sidecar!.Ports!;
        (string Name, int Port, bool Written)[] all =
        [
            ("api", effective.Api!.Value, ports.Api is not null), ("admin", effective.Admin!.Value, ports.Admin is not null),
            ("resp", effective.Resp!.Value, ports.Resp is not null),
        ];
        for (var later = 1; later < all.Length; later++)
            for (var earlier = 0; earlier < later; earlier++)
            {
                if (all[later].Port != all[earlier].Port || all[later].Port == 0) continue;
                var at = all[later].Written ? all[later] : all[earlier];
                context.Report(PolicyCodes.SamePort, "spec.sidecar.ports." + at.Name, $"{all[earlier].Name} and {all[later].Name} would both listen on {at.Port}", "choose another port for one of them");
            }
    }
}
