// Socket.Asynchronous.cs - the starts: checked as .NET checks them, then an operation's to do.
//
// Happy path:  arguments are looked at -> the context is in use -> true: pending, Completed will be
//              raised; false: done, the results are there.
// Failures:    exceptions of misuse, before anything has changed.
using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Pendio.Sockets;

public sealed unsafe partial class Socket
{
    private const string HostIsNoAddress =
        "The parameter must not be of type DnsEndPoint.";

    /// <summary>Accepts a connection, into AcceptSocket if there is one.</summary>
    public bool AcceptAsync(SocketAsyncEventArgs e)
    {
        Check();
        ArgumentNullException.ThrowIfNull(e);
        RefuseList(e);
        if (!Core.IsBound)
            throw new InvalidOperationException("You must call the Bind method before performing this operation.");
        if (!Core.IsListening)
            throw new InvalidOperationException("You must call the Listen method before performing this operation.");
        Socket? target = e.AcceptSocket;
        if (target != null && target.Core.IsBound && !target.Core.IsDisconnected)
            throw new InvalidOperationException("AcceptSocket: The socket must not be bound or connected.");
        e.BeginOperation(SocketAsyncOperation.Accept, this, Core);
        if (!e.MemoryBuffer.Equals(default))
        {
            e.Free();
            throw new PlatformNotSupportedException("This platform does not support receiving data with accept.");
        }
        e.Operation.Target = target;
        return Start(e);
    }

    /// <summary>Connects to RemoteEndPoint, and sends the buffer if there is one.</summary>
    public bool ConnectAsync(SocketAsyncEventArgs e)
    {
        Check();
        ArgumentNullException.ThrowIfNull(e);
        RefuseList(e, nameof(e.BufferList));
        ArgumentNullException.ThrowIfNull(e.RemoteEndPoint, "remoteEP");
        if (Core.IsListening)
            throw new InvalidOperationException("You may not perform this operation after calling the Listen method.");
        if (Core.IsConnected || (Core.IsDisconnected && Core.IsBound))
            throw new SocketException((int)SocketError.IsConnected);
        if (!Takes(e.RemoteEndPoint))
            throw new NotSupportedException("None of the discovered or specified addresses match the socket address family.");
        pendio_endpoint address = AddressOf(e.RemoteEndPoint, IsDual);
        e.BeginOperation(SocketAsyncOperation.Connect, this, Core);
        return StartConnect(e, in address);
    }

    /// <summary>Connects a new socket.</summary>
    public static bool ConnectAsync(SocketType socketType, ProtocolType protocolType,
                                    SocketAsyncEventArgs e)
    {
        ArgumentNullException.ThrowIfNull(e);
        RefuseList(e);
        if (e.RemoteEndPoint == null)
            throw new ArgumentException("The value 'remoteEP' is null or unset.", nameof(e));
        if (e.RemoteEndPoint is DnsEndPoint { AddressFamily: AddressFamily.Unspecified } &&
            socketType == SocketType.Stream)
        {
            e.BeginOperation(SocketAsyncOperation.Connect, null, null, ownsSocket: true);
            return StartConnect(e, default);
        }
        AddressFamily family = e.RemoteEndPoint.AddressFamily;
        Socket socket = family == AddressFamily.Unspecified
            ? new Socket(socketType, protocolType)
            : new Socket(family, socketType, protocolType);
        try
        {
            pendio_endpoint address = AddressOf(e.RemoteEndPoint, socket.IsDual);
            e.BeginOperation(SocketAsyncOperation.Connect, socket, socket.Core, ownsSocket: true);
            return HasNoAddress(socket, e) ? EndWithoutAddress(socket, e) : StartConnect(e, in address);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Ends a connect that is under way, and the socket with it.</summary>
    public static void CancelConnectAsync(SocketAsyncEventArgs e)
    {
        ArgumentNullException.ThrowIfNull(e);
        e.CancelConnect();
    }

    /// <summary>Ends the connection; with DisconnectReuseSocket the socket can connect again.</summary>
    public bool DisconnectAsync(SocketAsyncEventArgs e)
    {
        Check();
        ArgumentNullException.ThrowIfNull(e);
        e.BeginOperation(SocketAsyncOperation.Disconnect, this, Core);
        return Start(e);
    }

    /// <summary>Receives what there is.</summary>
    public bool ReceiveAsync(SocketAsyncEventArgs e)
    {
        Check();
        ArgumentNullException.ThrowIfNull(e);
        e.BeginOperation(SocketAsyncOperation.Receive, this, Core);
        return Start(e);
    }

    /// <summary>Receives a message; RemoteEndPoint says who sent it.</summary>
    public bool ReceiveFromAsync(SocketAsyncEventArgs e)
    {
        CheckSender(e);
        e.BeginOperation(SocketAsyncOperation.ReceiveFrom, this, Core);
        return Start(e);
    }

    /// <summary>The same, and where the message went.</summary>
    public bool ReceiveMessageFromAsync(SocketAsyncEventArgs e)
    {
        CheckSender(e);
        TellDestinations();
        e.BeginOperation(SocketAsyncOperation.ReceiveMessageFrom, this, Core);
        return Start(e);
    }

    /// <summary>Sends all of the buffer.</summary>
    public bool SendAsync(SocketAsyncEventArgs e)
    {
        Check();
        ArgumentNullException.ThrowIfNull(e);
        e.BeginOperation(SocketAsyncOperation.Send, this, Core);
        return Start(e);
    }

    /// <summary>Sends the buffer as a message to RemoteEndPoint.</summary>
    public bool SendToAsync(SocketAsyncEventArgs e)
    {
        Check();
        ArgumentNullException.ThrowIfNull(e);
        CheckEndPoint(e.RemoteEndPoint, nameof(e), "remoteEP");
        pendio_endpoint address = AddressOf(e.RemoteEndPoint!, IsDual);
        e.BeginOperation(SocketAsyncOperation.SendTo, this, Core);
        BindAnywhere();
        e.Operation.Address = address;
        return Start(e);
    }

    /// <summary>Sends memory and files, one after the other.</summary>
    public bool SendPacketsAsync(SocketAsyncEventArgs e)
    {
        Check();
        ArgumentNullException.ThrowIfNull(e);
        if (e.SendPacketsElements == null)
            throw new ArgumentException("The value 'e.SendPacketsElements' is null.", nameof(e));
        if (!Connected)
            throw new NotSupportedException("The operation is not allowed on non-connected sockets.");
        e.BeginOperation(SocketAsyncOperation.SendPackets, this, Core);
        e.Operation.Packets = (SendPacketsElement[])e.SendPacketsElements.Clone();
        e.Operation.PacketFlags = PacketFlags(e.SendPacketsFlags);
        try
        {
            e.Operation.Files = OpenFiles(e.Operation.Packets);
        }
        catch
        {
            e.Free();
            throw;
        }
        return Start(e);
    }

    private bool Start(SocketAsyncEventArgs e) => Start(e, Core);

    /// <summary>What is thrown here has started nothing.</summary>
    private static bool Start(SocketAsyncEventArgs e, SocketCore? core)
    {
        try
        {
            return core == null ? e.Operation.Start(Engine.Choose())
                : core.Home is Engine { IsMine: true } home ? e.Operation.Start(home)
                : StartInside(e, core);
        }
        catch
        {
            e.Operation.ReleasePackets();
            e.Free();
            throw;
        }
    }

    private static bool StartInside(SocketAsyncEventArgs e, SocketCore core)
    {
        core.Enter();
        try
        {
            return e.Operation.Start(core.Settle());
        }
        finally
        {
            core.Leave();
        }
    }

    /// <summary>A literal of another family than asked for is known to have no address.</summary>
    private static bool HasNoAddress(Socket socket, SocketAsyncEventArgs e) =>
        e.RemoteEndPoint is DnsEndPoint host && IPAddress.TryParse(host.Host, out IPAddress? literal) &&
        literal.AddressFamily != socket.AddressFamily && !socket.IsDual;

    private static bool EndWithoutAddress(Socket socket, SocketAsyncEventArgs e)
    {
        socket.Dispose();
        e.SetResults(SocketError.NoData, 0, SocketFlags.None);
        e.SetConnected(null, new SocketException((int)SocketError.NoData));
        e.Free();
        return false;
    }

    private static bool StartConnect(SocketAsyncEventArgs e, in pendio_endpoint address)
    {
        Operation operation = e.Operation;
        e.SetConnected(null, null);
        operation.Address = address;
        if (e.RemoteEndPoint is DnsEndPoint host)
        {
            operation.HostName = host.Host;
            operation.Port = (ushort)host.Port;
        }
        return Start(e, operation.Core);
    }

    /// <summary>Nothing for a name. Endpoints of the program's own may throw.</summary>
    private static pendio_endpoint AddressOf(EndPoint endPoint, bool asIp6)
    {
        pendio_endpoint address = default;
        if (endPoint is not DnsEndPoint)
            Addresses.Write(endPoint, asIp6, out address);
        return address;
    }

    private static void RefuseList(SocketAsyncEventArgs e, string name = "e")
    {
        if (e.HasList)
            throw new ArgumentException("Multiple buffers cannot be used with this method.", name);
    }

    private bool Takes(EndPoint endPoint) =>
        endPoint.AddressFamily == AddressFamily ||
        (endPoint is DnsEndPoint && endPoint.AddressFamily == AddressFamily.Unspecified) ||
        (endPoint.AddressFamily == AddressFamily.InterNetwork && IsDual);

    private void CheckSender(SocketAsyncEventArgs e)
    {
        Check();
        ArgumentNullException.ThrowIfNull(e);
        CheckEndPoint(e.RemoteEndPoint, nameof(e), nameof(e));
        if (!Takes(e.RemoteEndPoint!))
            throw new ArgumentException(
                $"The supplied EndPoint of AddressFamily {e.RemoteEndPoint!.AddressFamily} is not " +
                $"valid for this Socket, use {AddressFamily} instead.", nameof(e));
    }

    private static void CheckEndPoint(EndPoint? endPoint, string name, string nameOfHost)
    {
        if (endPoint == null)
            throw new ArgumentException("The value 'e.RemoteEndPoint' is null.", name);
        if (endPoint is DnsEndPoint)
            throw new ArgumentException(HostIsNoAddress, nameOfHost);
    }

    /// <summary>Before the start has answered there is an address to be known.</summary>
    private void BindAnywhere()
    {
        if (Core.IsBound || Core.Family == Libc.AF_UNIX || Core.IsStream || !Core.TryEnter())
            return;
        pendio_endpoint any;
        EndPoint where = new IPEndPoint(
            AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        Addresses.Write(where, false, out any);
        if (Libc.bind(Core.Descriptor, any.address, any.byte_count) == 0)
            Core.IsBound = true;
        Core.Leave();
    }

    /// <summary>For what arrives before the loop sees the first receive.</summary>
    private void TellDestinations()
    {
        if (Core.TellsDestinations || !Core.TryEnter())
            return;
        if (Core.Family == Libc.AF_INET6)
            _ = Libc.SetOption(Core.Descriptor, Libc.IPPROTO_IPV6, Libc.IPV6_RECVPKTINFO, 1);
        if (Core.Family == Libc.AF_INET)
            _ = Libc.SetOption(Core.Descriptor, Libc.IPPROTO_IP, Libc.IP_PKTINFO, 1);
        Core.TellsDestinations = true;
        Core.Leave();
    }

    private static uint PacketFlags(TransmitFileOptions options)
    {
        const TransmitFileOptions both = TransmitFileOptions.Disconnect | TransmitFileOptions.ReuseSocket;
        return (options & both) == both ? (uint)Native.PENDIO_THEN_REUSE
            : (options & both) == TransmitFileOptions.Disconnect ? (uint)Native.PENDIO_THEN_DISCONNECT
            : 0;
    }

    private static SafeFileHandle?[] OpenFiles(SendPacketsElement?[] elements)
    {
        var files = new SafeFileHandle?[elements.Length];
        try
        {
            for (int index = 0; index < elements.Length; index++)
            {
                elements[index]?.FileStream?.Flush();
                files[index] = elements[index]?.FileStream?.SafeFileHandle;
                if (elements[index]?.FilePath is string path)
                    files[index] = File.OpenHandle(path);
            }
            return files;
        }
        catch
        {
            for (int index = 0; index < files.Length; index++)
                if (elements[index]?.FileStream == null)
                    files[index]?.Dispose();
            throw;
        }
    }
}
