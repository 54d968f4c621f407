// Socket.cs - a socket with the members of System.Net.Sockets' type: its making and its state.
//
// Happy path:  ordinary system calls on its descriptor; asynchronous operations are in
//              Socket.Asynchronous.cs, ordinary transfers in Socket.Blocking.cs, options in
//              Socket.Options.cs.
// Failures:    SocketException with the system's error; after Dispose ObjectDisposedException.
using System;
using System.IO;
using System.Net;
using System.Net.Sockets;

namespace Pendio.Sockets;

/// <summary>A socket whose asynchronous operations are libpendio's.</summary>
public sealed unsafe partial class Socket : IDisposable
{
    private const int NativeStream = 1, NativeDatagram = 2, NativeRaw = 3, NativeSeqpacket = 5;

    private System.Net.Sockets.Socket? options;
    private bool isBlocking = true;

    /// <summary>A stream or datagram socket of both IP families.</summary>
    public Socket(SocketType socketType, ProtocolType protocolType)
        : this(OSSupportsIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
               socketType, protocolType)
    {
        if (AddressFamily == AddressFamily.InterNetworkV6)
            DualMode = true;
    }

    /// <summary>A socket of one family.</summary>
    public Socket(AddressFamily addressFamily, SocketType socketType, ProtocolType protocolType)
    {
        AddressFamily = addressFamily;
        SocketType = socketType;
        ProtocolType = protocolType;
        int family = Addresses.NativeFamily(addressFamily);
        int type = socketType switch
        {
            SocketType.Stream => NativeStream,
            SocketType.Dgram => NativeDatagram,
            SocketType.Raw => NativeRaw,
            SocketType.Seqpacket => NativeSeqpacket,
            _ => throw new SocketException((int)SocketError.SocketNotSupported),
        };
        int protocol = protocolType == ProtocolType.IcmpV6 ? 58 : Math.Max((int)protocolType, 0);
        int descriptor = Libc.Check(Libc.socket(family, type | Libc.SOCK_CLOEXEC, protocol));
        Core = new SocketCore(descriptor, family, type == NativeStream);
        if (family == Libc.AF_INET6)
            _ = Libc.SetOption(descriptor, Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, 1);
        if (family == Libc.AF_INET && type == NativeDatagram)
            _ = Libc.SetOption(descriptor, Libc.IPPROTO_IP, Libc.IP_MTU_DISCOVER, 0);
    }

    private Socket(SocketCore core, AddressFamily family, SocketType type, ProtocolType protocol)
    {
        Core = core;
        AddressFamily = family;
        SocketType = type;
        ProtocolType = protocol;
    }

    /// <summary>Whether this machine has IPv4.</summary>
    public static bool OSSupportsIPv4 => System.Net.Sockets.Socket.OSSupportsIPv4;

    /// <summary>Whether this machine has IPv6.</summary>
    public static bool OSSupportsIPv6 => System.Net.Sockets.Socket.OSSupportsIPv6;

    /// <summary>It always has.</summary>
    public static bool OSSupportsUnixDomainSockets => true;

    /// <summary>Its family.</summary>
    public AddressFamily AddressFamily { get; }

    /// <summary>Its type.</summary>
    public SocketType SocketType { get; }

    /// <summary>Its protocol.</summary>
    public ProtocolType ProtocolType { get; }

    /// <summary>The descriptor, for looking only: closing it is this socket's.</summary>
    public nint Handle => Core.Descriptor;

    /// <summary>Whether it has an address of its own.</summary>
    public bool IsBound => Core.IsBound;

    /// <summary>Whether it was connected, as far as the last operation knows.</summary>
    public bool Connected => Core.IsConnected && !Core.IsClosed;

    /// <summary>Whether the transfers of Socket.Blocking.cs wait.</summary>
    public bool Blocking
    {
        get
        {
            Check();
            return isBlocking;
        }
        set
        {
            Check();
            isBlocking = value;
        }
    }

    /// <summary>Its own address; null without one.</summary>
    public EndPoint? LocalEndPoint => Core.IsBound ? Ask(isPeer: false) : NoAddress();

    /// <summary>That of whom it is connected to.</summary>
    public EndPoint? RemoteEndPoint => Ask(isPeer: true);

    internal SocketCore Core { get; }

    internal bool IsDual => Core.IsDualMode;

    /// <summary>Binds it to an address.</summary>
    public void Bind(EndPoint localEP)
    {
        Check();
        ArgumentNullException.ThrowIfNull(localEP);
        if (localEP is DnsEndPoint)
            throw new ArgumentException("A host has no address to bind to.", nameof(localEP));
        byte* address = stackalloc byte[Addresses.RoomBytes];
        int byteCount = Addresses.Write(localEP, IsDual, new Span<byte>(address, Addresses.RoomBytes));
        Core.Enter();
        try
        {
            // As .NET: a server that starts again finds its port free.
            if (Core.IsStream && Core.Family != Libc.AF_UNIX)
                _ = Libc.SetOption(Core.Descriptor, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, 1);
            Libc.Check(Libc.bind(Core.Descriptor, address, (uint)byteCount));
            Core.IsBound = true;
            if (Core.Family == Libc.AF_UNIX && address[2] != 0)
                Core.BoundFile = Path.GetFullPath(localEP.ToString()!);
        }
        finally
        {
            Core.Leave();
        }
    }

    /// <summary>Listens with as long a queue as there may be.</summary>
    public void Listen() => Listen(int.MaxValue);

    /// <summary>Listens.</summary>
    public void Listen(int backlog)
    {
        Core.Enter();
        try
        {
            Libc.Check(Libc.listen(Core.Descriptor, backlog));
            Core.IsListening = true;
        }
        finally
        {
            Core.Leave();
        }
    }

    /// <summary>Ends one direction, or both.</summary>
    public void Shutdown(SocketShutdown how)
    {
        Core.Enter();
        try
        {
            bool hadConnection = Core.IsConnected || Core.IsDisconnected;
            if (Libc.shutdown(Core.Descriptor, (int)how) < 0 &&
                !(Libc.LastError == Libc.ENOTCONN && hadConnection))
                throw new SocketException((int)Errors.ToSocketError(Libc.LastError));
            if (how == SocketShutdown.Both && !Core.IsListening)
            {
                Core.IsConnected = false;
                Core.IsDisconnected = true;
            }
        }
        finally
        {
            Core.Leave();
        }
    }

    /// <summary>Closes it; what is under way ends with OperationAborted.</summary>
    public void Close() => Dispose();

    /// <summary>Closes it; at once if the timeout is 0, else what was sent goes first.</summary>
    public void Close(int timeout)
    {
        Core.IsAbortive |= timeout == 0;
        Dispose();
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => Core.Close();

    internal Socket MakeAccepted(SocketCore core)
    {
        core.IsDualMode = IsDual;
        return new Socket(core, AddressFamily, SocketType, ProtocolType);
    }

    internal static Socket MakeConnected(SocketCore core)
    {
        int family;
        uint byteCount = sizeof(int);
        _ = Libc.getsockopt(core.Descriptor, Libc.SOL_SOCKET, Libc.SO_DOMAIN, &family, &byteCount);
        return new Socket(core, family == Libc.AF_INET6 ? AddressFamily.InterNetworkV6
                                                        : AddressFamily.InterNetwork,
                          SocketType.Stream, ProtocolType.Tcp);
    }

    private void Check() => ObjectDisposedException.ThrowIf(Core.IsClosed, this);

    private EndPoint? NoAddress()
    {
        Check();
        return null;
    }

    private EndPoint? Ask(bool isPeer)
    {
        byte* address = stackalloc byte[Addresses.RoomBytes];
        uint byteCount = Addresses.RoomBytes;
        Core.Enter();
        try
        {
            Libc.Check(isPeer ? Libc.getpeername(Core.Descriptor, address, &byteCount)
                              : Libc.getsockname(Core.Descriptor, address, &byteCount));
            return Addresses.Read(new ReadOnlySpan<byte>(address, (int)byteCount));
        }
        finally
        {
            Core.Leave();
        }
    }
}
