// ArgumentTests.cs - C: what is refused before anything starts.
using System;
using System.Collections.Generic;
using System.Net;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

internal static class ArgumentTests
{
    private static readonly List<ArraySegment<byte>> list = [new ArraySegment<byte>(new byte[1])];
    private static readonly EndPoint nowhere = new IPEndPoint(IPAddress.Loopback, 9);

    [Behaviour(44, 45, 46, 47)]
    internal static void AcceptWants()
    {
        using Socket socket = Make.Tcp();
        using var e = new SocketAsyncEventArgs();
        Check.Throws<ArgumentNullException>(() => socket.AcceptAsync((SocketAsyncEventArgs)null!), "null", "e");
        Check.Throws<ArgumentException>(
            () => socket.AcceptAsync(new SocketAsyncEventArgs { BufferList = list }), "list", "e");
        Check.Throws<InvalidOperationException>(() => socket.AcceptAsync(e), "not bound");
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Check.Throws<InvalidOperationException>(() => socket.AcceptAsync(e), "not listening");
        e.SetBuffer(new byte[1], 0, 1); // still free
    }

    [Behaviour(48, 49, 50, 51, 52)]
    internal static void ConnectWants()
    {
        using Socket socket = Make.Tcp();
        using var e = new SocketAsyncEventArgs();
        Check.Throws<ArgumentNullException>(() => socket.ConnectAsync((SocketAsyncEventArgs)null!), "null", "e");
        Check.Throws<ArgumentException>(
            () => socket.ConnectAsync(new SocketAsyncEventArgs { BufferList = list }), "list", "BufferList");
        Check.Throws<ArgumentNullException>(() => socket.ConnectAsync(e), "no endpoint", "remoteEP");
        e.RemoteEndPoint = new IPEndPoint(IPAddress.IPv6Loopback, 9);
        Check.Throws<NotSupportedException>(() => socket.ConnectAsync(e), "another family");
        e.RemoteEndPoint = new DnsEndPoint("localhost", 9, AddressFamily.InterNetworkV6);
        Check.Throws<NotSupportedException>(() => socket.ConnectAsync(e), "a name of another family");
        using Socket listener = Make.Listener();
        e.RemoteEndPoint = nowhere;
        Check.Throws<InvalidOperationException>(() => listener.ConnectAsync(e), "a listener");
    }

    [Behaviour(53, 54)]
    internal static void StaticConnectWants()
    {
        static bool Connect(SocketAsyncEventArgs e) =>
            Socket.ConnectAsync(SocketType.Stream, ProtocolType.Tcp, e);
        Check.Throws<ArgumentNullException>(() => Connect(null!), "null", "e");
        Check.Throws<ArgumentException>(() => Connect(new SocketAsyncEventArgs { BufferList = list }),
                                        "list", "e");
        Check.Throws<ArgumentException>(() => Connect(new SocketAsyncEventArgs()), "no endpoint", "e");
        Check.Throws<ArgumentNullException>(() => Socket.CancelConnectAsync(null!), "cancel null", "e");
        Socket.CancelConnectAsync(new SocketAsyncEventArgs()); // nothing to cancel
    }

    [Behaviour(55, 58, 59, 194)]
    internal static void TransfersWant()
    {
        using Socket socket = Make.Tcp();
        using var e = new SocketAsyncEventArgs();
        Check.Throws<ArgumentNullException>(() => socket.ReceiveAsync((SocketAsyncEventArgs)null!), "receive null", "e");
        Check.Throws<ArgumentNullException>(() => socket.SendAsync((SocketAsyncEventArgs)null!), "send null", "e");
        Check.Throws<ArgumentNullException>(() => socket.SendToAsync(null!), "send to null", "e");
        Check.Throws<ArgumentException>(() => socket.SendToAsync(e), "send to nobody", "e");
        Check.Throws<ArgumentNullException>(() => socket.SendPacketsAsync(null!), "packets null", "e");
        Check.Throws<ArgumentException>(() => socket.SendPacketsAsync(e), "no packets", "e");
        e.SendPacketsElements = [];
        Check.Throws<NotSupportedException>(() => socket.SendPacketsAsync(e), "not connected");
        e.SetBuffer(new byte[1], 0, 1); // still free
    }

    [Behaviour(56, 57, 167, 168, 187, 189)]
    internal static void ReceivesOfMessagesWant()
    {
        using Socket socket = Make.Udp();
        foreach (Func<SocketAsyncEventArgs, bool> start in
                 new Func<SocketAsyncEventArgs, bool>[] { socket.ReceiveFromAsync, socket.ReceiveMessageFromAsync })
        {
            using var e = new SocketAsyncEventArgs();
            Check.Throws<ArgumentNullException>(() => start(null!), "null", "e");
            Check.Throws<ArgumentException>(() => start(e), "no endpoint", "e");
            e.RemoteEndPoint = new IPEndPoint(IPAddress.IPv6Loopback, 9);
            Check.Throws<ArgumentException>(() => start(e), "another family", "e");
            e.RemoteEndPoint = new DnsEndPoint("localhost", 9);
            Check.Throws<ArgumentException>(() => start(e), "a name", "e");
        }
        using var sending = new SocketAsyncEventArgs { RemoteEndPoint = new DnsEndPoint("localhost", 9) };
        Check.Throws<ArgumentException>(() => socket.SendToAsync(sending), "send to a name", "remoteEP");
        using Socket six = Make.Udp(AddressFamily.InterNetworkV6);
        using var wrong = new SocketAsyncEventArgs { RemoteEndPoint = nowhere };
        Check.Throws<ArgumentException>(() => six.ReceiveFromAsync(wrong), "IPv6 only", "e");
        Check.Throws<ArgumentException>(() => six.ReceiveMessageFromAsync(wrong), "IPv6 only", "e");
    }

    [Behaviour(62, 63, 64, 65, 66, 67, 69, 70)]
    internal static void ClosedSocketsRefuse()
    {
        Socket socket = Make.Tcp();
        socket.Dispose();
        socket.Dispose();
        foreach (Func<SocketAsyncEventArgs, bool> start in
                 new Func<SocketAsyncEventArgs, bool>[]
                 {
                     socket.AcceptAsync, socket.ConnectAsync, socket.ReceiveAsync, socket.SendAsync,
                     socket.ReceiveFromAsync, socket.ReceiveMessageFromAsync, socket.SendToAsync,
                     socket.DisconnectAsync, socket.SendPacketsAsync,
                 })
        {
            using var e = new SocketAsyncEventArgs();
            Check.Throws<ObjectDisposedException>(() => start(e), start.Method.Name);
            e.SetBuffer(new byte[1], 0, 1); // still free
        }
        Check.Throws<ObjectDisposedException>(() => socket.Bind(nowhere), "bind");
        Check.Throws<ObjectDisposedException>(() => socket.Receive(new byte[1]), "receive");
    }
}
