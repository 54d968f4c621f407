// Addresses.cs - endpoints to socket addresses and back; of IP without allocating on the way in.
using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Pendio.Sockets;

internal static unsafe class Addresses
{
    internal const int RoomBytes = 128;
    private const int Ip4Bytes = 16, Ip6Bytes = 28;
    private static readonly UnixDomainSocketEndPoint unixMaker = new("/");

    /// <summary>Writes an address; that of IPv4 as IPv6 where the socket is of both.</summary>
    internal static void Write(EndPoint endPoint, bool asIp6, out pendio_endpoint result)
    {
        result = default;
        fixed (byte* bytes = result.address)
            result.byte_count = (uint)Write(endPoint, asIp6, new Span<byte>(bytes, RoomBytes));
    }

    internal static int Write(EndPoint endPoint, bool asIp6, Span<byte> target)
    {
        if (endPoint is IPEndPoint ip)
            return WriteIp(ip, asIp6, target);
        SocketAddress address = endPoint.Serialize();
        address.Buffer.Span[..address.Size].CopyTo(target);
        return address.Size;
    }

    private static int WriteIp(IPEndPoint endPoint, bool asIp6, Span<byte> target)
    {
        IPAddress address = endPoint.Address;
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)endPoint.Port);
        if (address.AddressFamily == AddressFamily.InterNetwork && !asIp6)
        {
            WriteFamily(target, Libc.AF_INET);
            address.TryWriteBytes(target[4..], out _);
            return Ip4Bytes;
        }
        WriteFamily(target, Libc.AF_INET6);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            target[18] = target[19] = 0xff;
            address.TryWriteBytes(target[20..], out _);
            return Ip6Bytes;
        }
        address.TryWriteBytes(target[8..], out _);
        BitConverter.TryWriteBytes(target[24..], (uint)address.ScopeId);
        return Ip6Bytes;
    }

    private static void WriteFamily(Span<byte> target, ushort family) =>
        BitConverter.TryWriteBytes(target, family);

    internal static EndPoint? Read(in pendio_endpoint endPoint)
    {
        fixed (byte* bytes = endPoint.address)
            return Read(new ReadOnlySpan<byte>(bytes, (int)endPoint.byte_count));
    }

    internal static EndPoint? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2)
            return null;
        switch (BitConverter.ToUInt16(bytes))
        {
        case Libc.AF_INET:
            return new IPEndPoint(new IPAddress(bytes.Slice(4, 4)), Port(bytes));
        case Libc.AF_INET6:
            return new IPEndPoint(
                new IPAddress(bytes.Slice(8, 16), BitConverter.ToUInt32(bytes[24..])), Port(bytes));
        case Libc.AF_UNIX:
            var address = new SocketAddress(AddressFamily.Unix, bytes.Length);
            bytes.CopyTo(address.Buffer.Span);
            return unixMaker.Create(address);
        default:
            return null;
        }
    }

    private static int Port(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);

    internal static int NativeFamily(AddressFamily family) => family switch
    {
        AddressFamily.InterNetwork => Libc.AF_INET,
        AddressFamily.InterNetworkV6 => Libc.AF_INET6,
        AddressFamily.Unix => Libc.AF_UNIX,
        _ => throw new SocketException((int)SocketError.AddressFamilyNotSupported),
    };
}
