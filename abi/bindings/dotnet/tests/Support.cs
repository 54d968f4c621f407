// Support.cs - operations that can be waited for, and sockets that are connected.
using System;
using System.IO;
using System.Net;
using System.Threading;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

/// <summary>An operation whose end can be waited for, however it was answered.</summary>
internal sealed class Op : SocketAsyncEventArgs
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ManualResetEventSlim over = new();

    internal Op(int byteCount = 0) : base(false)
    {
        if (byteCount > 0)
            SetBuffer(new byte[byteCount], 0, byteCount);
    }

    internal Op(byte[] bytes) => SetBuffer(bytes, 0, bytes.Length);

    internal bool WasPending { get; private set; }

    internal int Calls; // of OnCompleted

    internal bool IsOver => over.IsSet;

    /// <summary>Starts.</summary>
    internal Op Begin(Func<SocketAsyncEventArgs, bool> start)
    {
        over.Reset();
        WasPending = start(this);
        if (!WasPending)
            over.Set();
        return this;
    }

    internal bool EndsWithin(TimeSpan time) => over.Wait(time);

    internal SocketError End()
    {
        Check.True(over.Wait(Patience), $"{LastOperation} does not end");
        return SocketError;
    }

    /// <summary>Starts, and waits for the end.</summary>
    internal SocketError Run(Func<SocketAsyncEventArgs, bool> start) => Begin(start).End();

    /// <summary>The same, and it must be well.</summary>
    internal Op Must(Func<SocketAsyncEventArgs, bool> start)
    {
        Check.Equal(SocketError.Success, Run(start), LastOperation.ToString());
        return this;
    }

    /// <summary>How it ended; some errors are thrown by some.</summary>
    internal SocketError Outcome(Func<SocketAsyncEventArgs, bool> start)
    {
        try
        {
            return Run(start);
        }
        catch (SocketException thrown)
        {
            return thrown.SocketErrorCode;
        }
    }

    internal Op To(EndPoint? endPoint)
    {
        RemoteEndPoint = endPoint;
        return this;
    }

    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        Interlocked.Increment(ref Calls);
        base.OnCompleted(e);
        over.Set();
    }
}

internal static class Make
{
    internal static readonly AddressFamily[] Families =
        Socket.OSSupportsIPv6 ? [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6]
                              : [AddressFamily.InterNetwork];
    private static int fileCount;

    /// <summary>Those of which this machine says that localhost has an address.</summary>
    internal static readonly AddressFamily[] NamedFamilies =
        Array.FindAll(Families, family => Array.Exists(
            Dns.GetHostAddresses("localhost"), address => address.AddressFamily == family));

    internal static IPAddress Loopback(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;

    internal static IPAddress Any(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;

    internal static Socket Tcp(AddressFamily family = AddressFamily.InterNetwork) =>
        new(family, SocketType.Stream, ProtocolType.Tcp);

    internal static Socket Udp(AddressFamily family = AddressFamily.InterNetwork, bool isBound = true)
    {
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        if (isBound)
            socket.Bind(new IPEndPoint(Loopback(family), 0));
        return socket;
    }

    internal static Socket Listener(AddressFamily family = AddressFamily.InterNetwork)
    {
        Socket socket = Tcp(family);
        socket.Bind(new IPEndPoint(Loopback(family), 0));
        socket.Listen(128);
        return socket;
    }

    internal static (Socket, Socket) TcpPair(AddressFamily family = AddressFamily.InterNetwork)
    {
        using Socket listener = Listener(family);
        Socket client = Tcp(family);
        var accepting = new Op().Begin(listener.AcceptAsync);
        new Op().To(listener.LocalEndPoint).Must(client.ConnectAsync);
        Check.Equal(SocketError.Success, accepting.End(), "accept");
        return (client, accepting.AcceptSocket!);
    }

    internal static (Socket, Socket) UnixPair()
    {
        var here = new UnixDomainSocketEndPoint(Path());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(here);
        listener.Listen(8);
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var accepting = new Op().Begin(listener.AcceptAsync);
        new Op().To(here).Must(client.ConnectAsync);
        Check.Equal(SocketError.Success, accepting.End(), "accept");
        return (client, accepting.AcceptSocket!);
    }

    /// <summary>A name nobody has, in the folder for temporary files.</summary>
    internal static string Path() =>
        System.IO.Path.Combine(Folder, $"{Interlocked.Increment(ref fileCount)}");

    private static readonly string Folder = Directory.CreateTempSubdirectory("pendio-").FullName;

    public static void RemoveFolder() => Directory.Delete(Folder, recursive: true);

    internal static byte[] Numbers(int count, int seed = 1)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Receives so many bytes, by ordinary calls.</summary>
    internal static byte[] Take(Socket socket, int count)
    {
        byte[] bytes = new byte[count];
        socket.ReceiveTimeout = 10000;
        for (int have = 0; have < count;)
        {
            int more = socket.Receive(bytes, have, count - have, SocketFlags.None);
            Check.True(more > 0, $"the end after {have} of {count} bytes");
            have += more;
        }
        return bytes;
    }
}
