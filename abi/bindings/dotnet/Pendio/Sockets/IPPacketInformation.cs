// IPPacketInformation.cs - where a datagram went to, and by which interface it came.
using System;
using System.Net;

namespace Pendio.Sockets;

/// <summary>As System.Net.Sockets' type of that name, which nobody else can make.</summary>
public struct IPPacketInformation : IEquatable<IPPacketInformation>
{
    private readonly IPAddress address;
    private readonly int networkInterface;

    internal IPPacketInformation(IPAddress address, int networkInterface)
    {
        this.address = address;
        this.networkInterface = networkInterface;
    }

    /// <summary>The address the datagram was sent to.</summary>
    public readonly IPAddress Address => address;

    /// <summary>The number of the interface it came in by.</summary>
    public readonly int Interface => networkInterface;

    /// <inheritdoc/>
    public readonly bool Equals(IPPacketInformation other) =>
        networkInterface == other.networkInterface &&
        (address == null ? other.address == null : address.Equals(other.address));

    /// <inheritdoc/>
    public override readonly bool Equals(object? other) =>
        other is IPPacketInformation information && Equals(information);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(networkInterface, address);

    /// <summary>Whether both are the same.</summary>
    public static bool operator ==(IPPacketInformation left, IPPacketInformation right) =>
        left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(IPPacketInformation left, IPPacketInformation right) =>
        !left.Equals(right);
}
