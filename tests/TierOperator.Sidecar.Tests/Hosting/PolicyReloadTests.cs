using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using TierOperator.Policy;
using TierOperator.Sidecar.Hosting;
using TierOperator.Sidecar.Routes;
using TierOperator.Sidecar.Tests.Running;
using TierOperator.Tiering.Engine;

namespace TierOperator.Sidecar.Tests.Hosting;

public sealed class PolicyReloadTests : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _path;
    private readonly TierEngine _engine;
    private readonly PolicyState _state;
    private readonly RoutesState _routes = new(null, NullLoggerFactory.Instance);
    private readonly FilePolicySource _source;

    public PolicyReloadTests()
    {
        _path = _folder.Write("policy.yaml", Policies.MemoryOnly);
        var loaded = LoadedPolicy.From(PolicyLoader.Load(Policies.MemoryOnly));
        _engine = TierEngine.Open(new EngineOptions(), loaded.Compiled, TimeProvider.System, NullLoggerFactory.Instance);
        _state = new PolicyState(loaded, TimeProvider.System.GetUtcNow());
        _source = new FilePolicySource(_path, Encoding.UTF8.GetBytes(Policies.MemoryOnly), new PolicyTakers(_state, _engine, _routes), TimeProvider.System, NullLogger.Instance);
    }

    private string Running => _engine.Policy.Revision;

    [Fact]
    public async Task Look_ChangedFile_IsTakenOnlyWhenItHasSettled()
    {
        var before = Running;
        WriteCapacity("32Mi");

        await _source.LookAsync();
        Assert.Equal(before, Running);
        await _source.LookAsync();

        Assert.NotEqual(before, Running);
        Assert.Equal(Running, _state.Now.Running.Compiled.Revision);
        Assert.Equal(2, _state.Accepted);
    }

    [Fact]
    public async Task Look_FaultyFile_IsRefusedWithReasonsAndTheLastGoodKeepsServing()
    {
        var before = Running;
        _folder.Write("policy.yaml", Policies.Faulty);

        await LookTwiceAsync();

        Assert.Equal(before, Running);
        Assert.Contains(_state.Now.LastRefusal!.Reasons, reason => reason.Contains("capacty", StringComparison.Ordinal));
        Assert.Equal(1, _state.Refused);

        _folder.Write("policy.yaml", Policies.MemoryOnly);
        await LookTwiceAsync();
        Assert.Null(_state.Now.LastRefusal);
    }

    [Fact]
    public async Task Look_SwappedSymlink_IsSeen()
    {
        // As kubelet does it: the file is a link through ..data, and ..data is replaced in one rename.
        Directory.CreateDirectory(_folder.File("v1"));
        Directory.CreateDirectory(_folder.File("v2"));
        _folder.Write("v1/policy.yaml", Policies.MemoryOnly);
        _folder.Write("v2/policy.yaml", Policies.MemoryOnly.Replace("64Mi", "48Mi", StringComparison.Ordinal));
        File.CreateSymbolicLink(_folder.File("..data"), "v1");
        File.Delete(_path);
        File.CreateSymbolicLink(_path, "..data/policy.yaml");
        await LookTwiceAsync();
        var before = Running;

        File.CreateSymbolicLink(_folder.File("..new"), "v2");
        File.Delete(_folder.File("..data"));
        Directory.Move(_folder.File("..new"), _folder.File("..data"));
        await LookTwiceAsync();

        Assert.NotEqual(before, Running);
    }

    [Fact]
    public async Task Look_VanishedFile_KeepsServingAndTakesItsReturn()
    {
        var before = Running;
        File.Delete(_path);
        await LookTwiceAsync();
        Assert.Equal(before, Running);

        WriteCapacity("40Mi");
        await LookTwiceAsync();

        Assert.NotEqual(before, Running);
    }

    [Fact]
    public async Task Look_LargerMemory_IsTakenAndToldToWaitForARestart()
    {
        WriteCapacity("128Mi");

        await LookTwiceAsync();

        Assert.Contains("tiers.memory.capacity", _state.Now.RestartRequired);
    }

    public async ValueTask DisposeAsync()
    {
        await _routes.DisposeAsync();
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    private void WriteCapacity(string capacity)
        => _folder.Write("policy.yaml", Policies.MemoryOnly.Replace("64Mi", capacity, StringComparison.Ordinal));

    private async Task LookTwiceAsync()
    {
        await _source.LookAsync();
        await _source.LookAsync();
    }
}
