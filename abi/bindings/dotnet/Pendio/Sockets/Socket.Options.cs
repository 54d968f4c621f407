// Socket.Options.cs - options and the state of a socket, by .NET's own object on the same descriptor.
//
// Happy path:  the socket is in use as long as somebody looks -> the member of that name.
// Failures:    .NET's own; after Dispose ObjectDisposedException.
using System;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Pendio.Sockets;

public sealed unsafe partial class Socket
{
    /// <summary>Bytes that could be received now.</summary>
    public int Available => Get(static options => options.Available);

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
        get => Get(static options => options.LingerState);
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
        get => Get(static options => options.ReceiveTimeout);
        set => Change(static (options, wanted) => options.ReceiveTimeout = wanted, value);
    }

    /// <summary>How long Send waits.</summary>
    public int SendTimeout
    {
        get => Get(static options => options.SendTimeout);
        set => Change(static (options, wanted) => options.SendTimeout = wanted, value);
    }

    /// <summary>What the system holds for the receiver.</summary>
    public int ReceiveBufferSize
    {
        get => Get(static options => options.ReceiveBufferSize);
        set => Change(static (options, wanted) => options.ReceiveBufferSize = wanted, value);
    }

    /// <summary>What the system holds of the sender.</summary>
    public int SendBufferSize
    {
        get => Get(static options => options.SendBufferSize);
        set => Change(static (options, wanted) => options.SendBufferSize = wanted, value);
    }

    /// <summary>Hops.</summary>
    public short Ttl
    {
        get => Get(static options => options.Ttl);
        set => Change(static (options, wanted) => options.Ttl = wanted, value);
    }

    /// <summary>Whether datagrams stay whole.</summary>
    public bool DontFragment
    {
        get => Get(static options => options.DontFragment);
        set => Change(static (options, wanted) => options.DontFragment = wanted, value);
    }

    /// <summary>Whether broadcasts may be sent.</summary>
    public bool EnableBroadcast
    {
        get => Get(static options => options.EnableBroadcast);
        set => Change(static (options, wanted) => options.EnableBroadcast = wanted, value);
    }

    /// <summary>Whether what is multicast is heard by the sender.</summary>
    public bool MulticastLoopback
    {
        get => Get(static options => options.MulticastLoopback);
        set => Change(static (options, wanted) => options.MulticastLoopback = wanted, value);
    }

    /// <summary>Whether nobody else may have its address.</summary>
    public bool ExclusiveAddressUse
    {
        get => Get(static options => options.ExclusiveAddressUse);
        set => Change(static (options, wanted) => options.ExclusiveAddressUse = wanted, value);
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

    /// <summary>By a function that captures nothing, which is made once.</summary>
    private T Get<T>(Func<System.Net.Sockets.Socket, T> get)
    {
        using Use use = Look();
        return get(use.Options);
    }

    private void Change<T>(Action<System.Net.Sockets.Socket, T> change, T wanted)
    {
        using Use use = Look();
        change(use.Options, wanted);
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

    private void Set(int level, int name, int value)
    {
        Core.Enter();
        int result = Libc.SetOption(Core.Descriptor, level, name, value);
        int error = Libc.LastError;
        Core.Leave();
        if (result < 0)
            throw new SocketException((int)Errors.ToSocketError(error));
    }
}
