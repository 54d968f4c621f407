// Socket.Blocking.cs - ordinary transfers and options: system calls on the same descriptor.
//
// Happy path:  the call of the name, again where a signal came between.
// Failures:    SocketException with the system's error, or the error where there is an argument for
//              it. A close by another thread ends those that wait.
using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Pendio.Sockets;

public sealed unsafe partial class Socket
{
    /// <summary>Bytes that could be received now.</summary>
    public int Available
    {
        get
        {
            using Use use = Look();
            return use.Options.Available;
        }
    }

    /// <summary>Whether small sends go at once.</summary>
    public bool NoDelay
    {
        get => (int)GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.NoDelay)! != 0;
        set => Set(Libc.IPPROTO_TCP, Libc.TCP_NODELAY, value ? 1 : 0);
    }

    /// <summary>Whether an IPv6 socket is one of IPv4 as well.</summary>
    public bool DualMode
    {
        get => IsDual;
        set
        {
            if (AddressFamily != AddressFamily.InterNetworkV6)
                throw new NotSupportedException("This protocol version is not supported.");
            Set(Libc.IPPROTO_IPV6, Libc.IPV6_V6ONLY, value ? 0 : 1);
            Core.IsDualMode = value;
        }
    }

    /// <summary>What a close does with what was not sent yet.</summary>
    public LingerOption? LingerState
    {
        get
        {
            using Use use = Look();
            return use.Options.LingerState;
        }
        set
        {
            using Use use = Look();
            use.Options.LingerState = value!;
            Core.IsAbortive = value is { Enabled: true, LingerTime: 0 };
        }
    }

    /// <summary>How long Receive waits.</summary>
    public int ReceiveTimeout
    {
        get
        {
            using Use use = Look();
            return use.Options.ReceiveTimeout;
        }
        set
        {
            using Use use = Look();
            use.Options.ReceiveTimeout = value;
        }
    }

    /// <summary>How long Send waits.</summary>
    public int SendTimeout
    {
        get
        {
            using Use use = Look();
            return use.Options.SendTimeout;
        }
        set
        {
            using Use use = Look();
            use.Options.SendTimeout = value;
        }
    }

    /// <summary>What the system holds for the receiver.</summary>
    public int ReceiveBufferSize
    {
        get
        {
            using Use use = Look();
            return use.Options.ReceiveBufferSize;
        }
        set
        {
            using Use use = Look();
            use.Options.ReceiveBufferSize = value;
        }
    }

    /// <summary>What the system holds of the sender.</summary>
    public int SendBufferSize
    {
        get
        {
            using Use use = Look();
            return use.Options.SendBufferSize;
        }
        set
        {
            using Use use = Look();
            use.Options.SendBufferSize = value;
        }
    }

    /// <summary>Hops.</summary>
    public short Ttl
    {
        get
        {
            using Use use = Look();
            return use.Options.Ttl;
        }
        set
        {
            using Use use = Look();
            use.Options.Ttl = value;
        }
    }

    /// <summary>Whether datagrams stay whole.</summary>
    public bool DontFragment
    {
        get
        {
            using Use use = Look();
            return use.Options.DontFragment;
        }
        set
        {
            using Use use = Look();
            use.Options.DontFragment = value;
        }
    }

    /// <summary>Whether broadcasts may be sent.</summary>
    public bool EnableBroadcast
    {
        get
        {
            using Use use = Look();
            return use.Options.EnableBroadcast;
        }
        set
        {
            using Use use = Look();
            use.Options.EnableBroadcast = value;
        }
    }

    /// <summary>Whether what is multicast is heard by the sender.</summary>
    public bool MulticastLoopback
    {
        get
        {
            using Use use = Look();
            return use.Options.MulticastLoopback;
        }
        set
        {
            using Use use = Look();
            use.Options.MulticastLoopback = value;
        }
    }

    /// <summary>Whether nobody else may have its address.</summary>
    public bool ExclusiveAddressUse
    {
        get
        {
            using Use use = Look();
            return use.Options.ExclusiveAddressUse;
        }
        set
        {
            using Use use = Look();
            use.Options.ExclusiveAddressUse = value;
        }
    }

    /// <summary>As long as somebody looks, the descriptor stays.</summary>
    private readonly ref struct Use(SocketCore core, System.Net.Sockets.Socket options)
    {
        internal System.Net.Sockets.Socket Options => options;

        public void Dispose() => core.Leave();
    }

    /// <summary>.NET's own object on the same descriptor, which knows all options by their names.</summary>
    private Use Look()
    {
        Core.Enter();
        try
        {
            if (options == null)
            {
                var made = new System.Net.Sockets.Socket(
                    new SafeSocketHandle(Core.Descriptor, ownsHandle: false));
                GC.SuppressFinalize(made);
                options = made;
            }
            return new Use(Core, options);
        }
        catch
        {
            Core.Leave();
            throw;
        }
    }

    /// <summary>Reads an option.</summary>
    public object? GetSocketOption(SocketOptionLevel optionLevel, SocketOptionName optionName)
    {
        using Use use = Look();
        return use.Options.GetSocketOption(optionLevel, optionName);
    }

    /// <summary>Sets an option.</summary>
    public void SetSocketOption(SocketOptionLevel optionLevel, SocketOptionName optionName, int optionValue)
    {
        using Use use = Look();
        use.Options.SetSocketOption(optionLevel, optionName, optionValue);
    }

    /// <summary>Sets an option.</summary>
    public void SetSocketOption(SocketOptionLevel optionLevel, SocketOptionName optionName, bool optionValue)
    {
        using Use use = Look();
        use.Options.SetSocketOption(optionLevel, optionName, optionValue);
    }

    /// <summary>Sets an option, memberships for example.</summary>
    public void SetSocketOption(SocketOptionLevel optionLevel, SocketOptionName optionName, object optionValue)
    {
        using Use use = Look();
        use.Options.SetSocketOption(optionLevel, optionName, optionValue);
    }

    /// <summary>Sets an option by the system's numbers.</summary>
    public void SetRawSocketOption(int optionLevel, int optionName, ReadOnlySpan<byte> optionValue)
    {
        using Use use = Look();
        use.Options.SetRawSocketOption(optionLevel, optionName, optionValue);
    }

    /// <summary>Reads an option by the system's numbers.</summary>
    public int GetRawSocketOption(int optionLevel, int optionName, Span<byte> optionValue)
    {
        using Use use = Look();
        return use.Options.GetRawSocketOption(optionLevel, optionName, optionValue);
    }

    /// <summary>Waits for a state.</summary>
    public bool Poll(int microSeconds, SelectMode mode)
    {
        using Use use = Look();
        return use.Options.Poll(microSeconds, mode);
    }

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
            FinishConnect(error == Libc.EINPROGRESS ? Libc.EAGAIN : error);
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

    private void Set(int level, int name, int value)
    {
        Core.Enter();
        int result = Libc.SetOption(Core.Descriptor, level, name, value);
        int error = Libc.LastError;
        Core.Leave();
        if (result < 0)
            throw new SocketException((int)Errors.ToSocketError(error));
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
