using System.Buffers.Binary;
using System.Numerics;

namespace TierOperator.Tiering.Disk;

/// <summary>A session's identity: 128 bits under a secret seed, so that clients who choose keys cannot make two meet.</summary>
internal readonly record struct Hash128(ulong High, ulong Low)
{
    public override int GetHashCode() => (int)Low;
}

/// <summary>SipHash-1-3 (Aumasson and Bernstein) with 128 bits of output, keyed by the store's seed.</summary>
internal sealed class KeyedHash(ReadOnlySpan<byte> seed)
{
    public const int SeedBytes = 16;

    private readonly ulong _key0 = BinaryPrimitives.ReadUInt64LittleEndian(seed);
    private readonly ulong _key1 = BinaryPrimitives.ReadUInt64LittleEndian(seed[8..]);

    public Hash128 Session(ReadOnlySpan<byte> key) => Compute(key, tweak: 0);

    public ulong Item(ReadOnlySpan<byte> key) => Compute(key, tweak: 0x6974656dUL).High;

    private Hash128 Compute(ReadOnlySpan<byte> data, ulong tweak)
    {
        var state = new SipState(_key0 ^ tweak, _key1);
        var length = (ulong)data.Length;
        for (; data.Length >= 8; data = data[8..]) state.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(data));
        var last = length << 56;
        for (var i = 0; i < data.Length; i++) last |= (ulong)data[i] << (8 * i);
        state.Absorb(last);
        return state.Finish();
    }

    private ref struct SipState(ulong key0, ulong key1)
    {
        private ulong _v0 = key0 ^ 0x736f6d6570736575UL;
        private ulong _v1 = key1 ^ 0x646f72616e646f6dUL ^ 0xee;
        private ulong _v2 = key0 ^ 0x6c7967656e657261UL;
        private ulong _v3 = key1 ^ 0x7465646279746573UL;

        public void Absorb(ulong word)
        {
            _v3 ^= word;
            Round();
            _v0 ^= word;
        }

        public Hash128 Finish()
        {
            _v2 ^= 0xee;
            for (var i = 0; i < 3; i++) Round();
            var high = _v0 ^ _v1 ^ _v2 ^ _v3;
            _v1 ^= 0xdd;
            for (var i = 0; i < 3; i++) Round();
            return new Hash128(high, _v0 ^ _v1 ^ _v2 ^ _v3);
        }

        private void Round()
        {
            _v0 += _v1; _v2 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0; _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v1; _v0 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2; _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
