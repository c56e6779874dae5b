using System.Net;

namespace TierOperator.Kubernetes.Client;

/// <summary>The API server refused a request, or did not answer it.</summary>
public sealed class KubeApiException : Exception
{
    internal KubeApiException(ApiFault fault, Exception? cause = null)
        : base(fault.Describe(), cause) => Fault = fault;

    public ApiFault Fault { get; }

    /// <summary>Null where there was no answer at all.</summary>
    public HttpStatusCode? Status => Fault.Status;
    public bool IsNotFound => Status == HttpStatusCode.NotFound;

    /// <summary>Somebody else changed the object, owns the field, or made the object first.</summary>
    public bool IsConflict => Status == HttpStatusCode.Conflict;

    /// <summary>The list or watch asked for a version that the server no longer has: list again.</summary>
    public bool IsGone => Status == HttpStatusCode.Gone;

    /// <summary>The object is not acceptable as it is: the same request will fail again.</summary>
    public bool IsInvalid => Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest;
    public bool IsForbidden => Status == HttpStatusCode.Forbidden;
    public bool IsTooManyRequests => Status == HttpStatusCode.TooManyRequests;
}
