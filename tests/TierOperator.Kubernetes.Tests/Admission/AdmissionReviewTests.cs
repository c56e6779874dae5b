using System.Text;
using System.Text.Json.Nodes;

namespace TierOperator.Kubernetes.Admission;

public sealed class AdmissionReviewTests
{
    [Fact]
    public void Read_Review_IsItsRequest()
    {
        var request = AdmissionReview.Read("""
            {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","operation":"CREATE",
             "namespace":"shop","name":"a","dryRun":true,"userInfo":{"username":"me"},"object":{"spec":{"unknown":[1]}}}}
            """u8);

        Assert.Equal(("u1", AdmissionOperation.Create, "shop/a", true, "me"), (request.Uid, request.Operation, request.Key.ToString(), request.IsDryRun, request.UserName));
        Assert.Equal("""{"spec":{"unknown":[1]}}""", request.Object!.ToJsonString());
        Assert.Null(request.OldObject);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}}""")]
    [InlineData("""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}""")]
    [InlineData("""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":1}}""")]
    [InlineData("""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"DANCE"}}""")]
    public void Read_AnythingElse_IsAFormatFault(string review)
    {
        Assert.Throws<FormatException>(() => AdmissionReview.Read(Encoding.UTF8.GetBytes(review)));
    }

    [Fact]
    public void Write_Patch_IsBase64Once()
    {
        var patch = new JsonArray(new JsonObject { ["op"] = "remove", ["path"] = "/x" });

        var response = JsonNode.Parse(AdmissionReview.Write("u1", new AdmissionResult(true) { Patch = patch, Warnings = ["careful"] }))!["response"]!;

        Assert.Equal("JSONPatch", response["patchType"]!.GetValue<string>());
        Assert.Equal(patch.ToJsonString(), Encoding.UTF8.GetString(Convert.FromBase64String(response["patch"]!.GetValue<string>())));
        Assert.Equal("careful", response["warnings"]![0]!.GetValue<string>());
    }

    [Fact]
    public void Write_Denial_HasItsMessageAndNoPatch()
    {
        var response = JsonNode.Parse(AdmissionReview.Write("u1", AdmissionResult.Deny("because") with { Patch = [new JsonObject()] }))!["response"]!;

        Assert.False(response["allowed"]!.GetValue<bool>());
        Assert.Equal("because", response["status"]!["message"]!.GetValue<string>());
        Assert.Null(response["patch"]);
    }
}
