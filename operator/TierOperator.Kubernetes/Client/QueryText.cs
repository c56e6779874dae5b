using System.Text;

namespace TierOperator.Kubernetes.Client;

/// <summary>Builds the query of a request; parameters without a value are left out.</summary>
internal sealed class QueryText(string path)
{
    private readonly StringBuilder _text = new(path);
    private char _separator = '?';

    public QueryText Add(string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) return this;
        _text.Append(_separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
        _separator = '&';
        return this;
    }

    public QueryText Add(ListScope scope) => Add("labelSelector", scope.LabelSelector).Add("fieldSelector", scope.FieldSelector);

    public override string ToString() => _text.ToString();
}
