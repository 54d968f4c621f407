// Socket.Blocking.cs - ordinary transfers: system calls on the same descriptor.
//
// Happy path:  the call of the name, again where a signal came between.
// Failures:    SocketException with the system's error, or the error where there is an argument for
//              it. A close by another thread ends those that wait.
using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace Pendio.Sockets;

public sealed unsafe partial class Socket
{
    /// <summary>Accepts a connection.</summary>
    public Socket Accept()
    {
        Check();
        if (!Core.IsBound)
            throw new InvalidOperationException("You must call the Bind method before performing this operation.");
        if (!Core.IsListening)
            throw new InvalidOperationException("You must call the Listen method before performing this operation.");
        return Core.Home == null ? AcceptNow() : AcceptFromLoop();
    }

    private Socket AcceptNow()
    {
        Core.Enter();
        try
        {
            if (!isBlocking && !Poll(0, SelectMode.SelectRead))
                throw new SocketException((int)SocketError.WouldBlock);
            int descriptor;
            do
                descriptor = Libc.accept4(Core.Descriptor, null, null, Libc.SOCK_CLOEXEC);
            while (descriptor < 0 && Libc.LastError == Libc.EINTR);
            if (descriptor < 0 && Core.IsClosed)
                throw new SocketException((int)SocketError.Interrupted);
            return MakeAccepted(new SocketCore(Libc.Check(descriptor), Core.Family, isStream: true)
            {
                IsConnected = true,
                IsBound = true,
            });
        }
        finally
        {
            Core.Leave();
        }
    }

    /// <summary>A loop may have taken connections ahead, which come first.</summary>
    private Socket AcceptFromLoop()
    {
        using var accepting = new SocketAsyncEventArgs(unsafeSuppressExecutionContext: true);
        using var over = new ManualResetEventSlim();
        Engine? waiting = Engine.Own;
        accepting.Completed += (_, _) => Engine.Set(over, waiting);
        if (AcceptAsync(accepting))
        {
            if (!isBlocking && !Poll(0, SelectMode.SelectRead))
                accepting.Operation.Cancel();
            Engine.WaitFor(over);
        }
        if (accepting.SocketError == SocketError.Success)
            return accepting.AcceptSocket!;
        bool isByCancel = !isBlocking && accepting.SocketError == SocketError.OperationAborted;
        throw new SocketException((int)(Core.IsClosed ? SocketError.Interrupted
                                        : isByCancel ? SocketError.WouldBlock : accepting.SocketError));
    }

    /// <summary>Connects.</summary>
    public void Connect(EndPoint remoteEP)
    {
        ArgumentNullException.ThrowIfNull(remoteEP);
        if (remoteEP is DnsEndPoint host)
        {
            Connect(host.Host, host.Port);
            return;
        }
        pendio_endpoint address;
        Addresses.Write(remoteEP, IsDual, out address);
        Core.Enter();
        try
        {
            if (Core.IsConnected && Core.IsStream)
                throw new SocketException((int)SocketError.IsConnected);
            int before = isBlocking ? 0 : Libc.fcntl(Core.Descriptor, Libc.F_GETFL, 0);
            if (!isBlocking)
                _ = Libc.fcntl(Core.Descriptor, Libc.F_SETFL, before | Libc.O_NONBLOCK);
            int error = Libc.connect(Core.Descriptor, address.address, address.byte_count) < 0
                ? Libc.LastError : 0;
            if (!isBlocking)
                _ = Libc.fcntl(Core.Descriptor, Libc.F_SETFL, before);
            FinishConnect(error == Libc.EINPROGRESS ? Errors.EAGAIN : error);
            Core.IsConnected = Core.IsBound = true;
            Core.IsDisconnected = false;
        }
        finally
        {
            Core.Leave();
        }
    }

    /// <summary>A signal came: the connect goes on by itself.</summary>
    private void FinishConnect(int error)
    {
        if (error == Libc.EINTR)
        {
            Poll(-1, SelectMode.SelectWrite);
            error = (int)GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        }
        if (error != 0)
            throw new SocketException((int)Errors.ToSocketError(error));
    }

    /// <summary>Connects.</summary>
    public void Connect(IPAddress address, int port) => Connect(new IPEndPoint(address, port));

    /// <summary>Connects to the first address of a host that answers.</summary>
    public void Connect(string host, int port)
    {
        SocketException? last = null;
        foreach (IPAddress address in Dns.GetHostAddresses(host))
        {
            if (address.AddressFamily != AddressFamily && !IsDual)
                continue;
            try
            {
                Connect(new IPEndPoint(address, port));
                return;
            }
            catch (SocketException failed)
            {
                last = failed;
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>Ends the connection.</summary>
    public void Disconnect(bool reuseSocket)
    {
        using var ending = new SocketAsyncEventArgs(unsafeSuppressExecutionContext: true);
        using var over = new ManualResetEventSlim();
        ending.DisconnectReuseSocket = reuseSocket;
        Engine? waiting = Engine.Own;
        ending.Completed += (_, _) => Engine.Set(over, waiting);
        if (DisconnectAsync(ending))
            Engine.WaitFor(over);
        if (ending.SocketError != SocketError.Success)
            throw new SocketException((int)ending.SocketError);
    }

    /// <summary>Receives.</summary>
    public int Receive(byte[] buffer) => Receive(buffer, SocketFlags.None);

    /// <summary>Receives.</summary>
    public int Receive(byte[] buffer, int offset, int size, SocketFlags socketFlags) =>
        Receive(Window(buffer, offset, size), socketFlags);

    /// <summary>Receives.</summary>
    public int Receive(byte[] buffer, SocketFlags socketFlags) => Receive(Window(buffer), socketFlags);

    /// <summary>Receives what there is, or waits for some.</summary>
    public int Receive(Span<byte> buffer, SocketFlags socketFlags = SocketFlags.None) =>
        Check(Receive(buffer, socketFlags, out SocketError error), error);

    /// <summary>Receives, and tells the error instead of throwing it.</summary>
    public int Receive(Span<byte> buffer, SocketFlags socketFlags, out SocketError errorCode) =>
        Take(buffer, socketFlags, null, null, out errorCode);

    /// <summary>Receives a message and who sent it.</summary>
    public int ReceiveFrom(byte[] buffer, ref EndPoint remoteEP)
    {
        Span<byte> window = Window(buffer);
        CheckAddress(remoteEP);
        if (!Takes(remoteEP))
            throw new ArgumentException("The endpoint is not of the socket's family.", nameof(remoteEP));
        byte* address = stackalloc byte[Addresses.RoomBytes];
        uint addressBytes = Addresses.RoomBytes;
        int count = Take(window, SocketFlags.None, address, &addressBytes, out SocketError error);
        Check(count, error);
        remoteEP = Addresses.Read(new ReadOnlySpan<byte>(address, (int)addressBytes)) ?? remoteEP;
        return count;
    }

    private int Take(Span<byte> buffer, SocketFlags flags, byte* address, uint* addressBytes,
                     out SocketError error)
    {
        nint count;
        Core.Enter();
        fixed (byte* memory = buffer)
        {
            do
                count = Libc.recvfrom(Core.Descriptor, memory, (nuint)buffer.Length, Flags(flags), address,
                                      addressBytes);
            while (count < 0 && Libc.LastError == Libc.EINTR);
        }
        return Leave(count, 1, out error);
    }

    /// <summary>Sends.</summary>
    public int Send(byte[] buffer) => Send(buffer, SocketFlags.None);

    /// <summary>Sends.</summary>
    public int Send(byte[] buffer, int offset, int size, SocketFlags socketFlags) =>
        Send(Window(buffer, offset, size), socketFlags);

    /// <summary>Sends.</summary>
    public int Send(byte[] buffer, SocketFlags socketFlags) => Send(Window(buffer), socketFlags);

    /// <summary>Sends all of it.</summary>
    public int Send(ReadOnlySpan<byte> buffer, SocketFlags socketFlags = SocketFlags.None)
    {
        int sent = 0;
        do
        {
            if (sent > 0 && Core.IsClosed)
                throw new SocketException((int)SocketError.ConnectionAborted);
            int count = Check(Send(buffer[sent..], socketFlags, out SocketError error), error);
            sent += count;
        } while (sent < buffer.Length && Core.IsStream && isBlocking);
        return sent;
    }

    /// <summary>Sends what there is room for, and tells the error instead of throwing it.</summary>
    public int Send(ReadOnlySpan<byte> buffer, SocketFlags socketFlags, out SocketError errorCode) =>
        Give(buffer, socketFlags, null, 0, out errorCode);

    /// <summary>Sends a message.</summary>
    public int SendTo(byte[] buffer, EndPoint remoteEP) => SendTo(Window(buffer), remoteEP);

    /// <summary>Sends a message.</summary>
    public int SendTo(ReadOnlySpan<byte> buffer, EndPoint remoteEP)
    {
        CheckAddress(remoteEP);
        byte* address = stackalloc byte[Addresses.RoomBytes];
        int addressBytes = Addresses.Write(remoteEP, IsDual, new Span<byte>(address, Addresses.RoomBytes));
        int count = Give(buffer, SocketFlags.None, address, (uint)addressBytes, out SocketError error);
        Core.IsBound |= error == SocketError.Success;
        return Check(count, error);
    }

    private int Give(ReadOnlySpan<byte> buffer, SocketFlags flags, byte* address, uint addressBytes,
                     out SocketError error)
    {
        nint count;
        Core.Enter();
        fixed (byte* memory = buffer)
        {
            do
                count = Libc.sendto(Core.Descriptor, memory, (nuint)buffer.Length,
                                    Flags(flags) | Libc.MSG_NOSIGNAL, address, addressBytes);
            while (count < 0 && Libc.LastError == Libc.EINTR);
        }
        return Leave(count, 0, out error);
    }

    private int Leave(nint count, nint least, out SocketError error)
    {
        error = count >= 0 ? SocketError.Success : Errors.ToSocketError(Libc.LastError);
        if (count < least && Core.IsClosed) // cut off
            error = SocketType == SocketType.Dgram ? SocketError.Interrupted : SocketError.ConnectionAborted;
        else if (error == SocketError.WouldBlock && isBlocking)
            error = SocketError.TimedOut;
        if (error != SocketError.Success)
            Core.Learn(error);
        Core.Leave();
        return Math.Max((int)count, 0);
    }

    private Span<byte> Window(byte[] buffer)
    {
        Check();
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer;
    }

    private Span<byte> Window(byte[] buffer, int offset, int size)
    {
        Span<byte> all = Window(buffer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, (uint)all.Length, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)size, (uint)(all.Length - offset), nameof(size));
        return all.Slice(offset, size);
    }

    private static void CheckAddress(EndPoint remoteEP)
    {
        ArgumentNullException.ThrowIfNull(remoteEP);
        if (remoteEP is DnsEndPoint)
            throw new ArgumentException(HostIsNoAddress, nameof(remoteEP));
    }

    private int Flags(SocketFlags flags) =>
        ((int)flags & (Libc.MSG_OOB | Libc.MSG_PEEK | Libc.MSG_DONTROUTE)) |
        (isBlocking ? 0 : Libc.MSG_DONTWAIT);

    private static int Check(int count, SocketError error) =>
        error == SocketError.Success ? count : throw new SocketException((int)error);
}
