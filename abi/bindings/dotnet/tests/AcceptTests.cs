// AcceptTests.cs - D: accept.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

internal static class AcceptTests
{
    [Behaviour(71, 230, 232)]
    internal static void AcceptThenClient()
    {
        foreach (AddressFamily family in Make.Families)
        {
            using Socket listener = Make.Listener(family);
            using var accepting = new Op().Begin(listener.AcceptAsync);
            Check.True(accepting.WasPending && !accepting.IsOver, "nobody has come");
            using Socket client = Make.Tcp(family);
            new Op().To(listener.LocalEndPoint).Must(client.ConnectAsync);
            Check.Equal(SocketError.Success, accepting.End(), "accept");
            using Socket server = accepting.AcceptSocket!;
            Check.True(client.Connected && server.Connected, "connected");
            Check.Equal(client.LocalEndPoint, server.RemoteEndPoint, "the client's end");
            Check.Equal(client.RemoteEndPoint, server.LocalEndPoint, "the server's end");
            Check.Equal(family, server.AddressFamily, "family");
            new Op([1, 2]).Must(client.SendAsync);
            Check.Bytes([1, 2], Make.Take(server, 2), "payload");
        }
    }

    [Behaviour(72, 85)]
    internal static void SeveralWait()
    {
        foreach (int count in new[] { 2, 5 })
        {
            using Socket listener = Make.Listener();
            Op[] accepting = Enumerable.Range(0, count).Select(_ => new Op().Begin(listener.AcceptAsync)).ToArray();
            Socket[] clients = Enumerable.Range(0, count).Select(_ => Make.Tcp()).ToArray();
            foreach (Socket client in clients)
                client.Connect(listener.LocalEndPoint!);
            var seen = new HashSet<EndPoint>();
            foreach (Op op in accepting)
            {
                Check.Equal(SocketError.Success, op.End(), "accept");
                Check.True(seen.Add(op.AcceptSocket!.RemoteEndPoint!), "another client");
                op.AcceptSocket.Dispose();
            }
            Array.ForEach(clients, client => client.Dispose());
        }
    }

    [Behaviour(74, 231)]
    internal static void IntoAPreparedSocket()
    {
        using Socket listener = Make.Listener();
        using Socket first = Make.Tcp(), client = Make.Tcp(), target = Make.Tcp();
        first.Connect(listener.LocalEndPoint!);
        client.Connect(listener.LocalEndPoint!);
        using var accepting = new Op();
        accepting.Must(listener.AcceptAsync);
        accepting.AcceptSocket!.Dispose();
        accepting.AcceptSocket = target;
        accepting.Must(listener.AcceptAsync);
        Check.True(ReferenceEquals(target, accepting.AcceptSocket), "the same socket");
        Check.True(target.Connected, "connected");
        Check.Equal(client.LocalEndPoint, target.RemoteEndPoint, "whose");
        new Op([5]).Must(client.SendAsync);
        Check.Equal(1, new Op(1).Must(target.ReceiveAsync).BytesTransferred, "received");
    }

    [Behaviour(75, 76)]
    internal static void TargetAfterDisconnect()
    {
        foreach (bool reuse in new[] { true, false })
        {
            using Socket listener = Make.Listener();
            using Socket client = Make.Tcp(), target = Make.Tcp(), next = Make.Tcp();
            client.Connect(listener.LocalEndPoint!);
            using var accepting = new Op { AcceptSocket = target };
            accepting.Must(listener.AcceptAsync);
            using var ending = new Op { DisconnectReuseSocket = reuse };
            ending.Must(target.DisconnectAsync);
            next.Connect(listener.LocalEndPoint!);
            SocketError error = accepting.Outcome(listener.AcceptAsync);
            Check.Note($"accept into one disconnected with reuse {reuse}", error);
        }
    }

    [Behaviour(77, 78)]
    internal static void TargetInUse()
    {
        using Socket listener = Make.Listener();
        using Socket bound = Make.Tcp();
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var e = new Op { AcceptSocket = bound };
        Check.Throws<InvalidOperationException>(() => listener.AcceptAsync(e), "bound");
        var (client, server) = Make.TcpPair();
        e.AcceptSocket = client;
        Check.Throws<InvalidOperationException>(() => listener.AcceptAsync(e), "connected");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(79)]
    internal static void ListenerClosesWithTwoWaiting()
    {
        for (int round = 0; round < 100; round++)
        {
            Socket listener = Make.Listener();
            using Op one = new Op().Begin(listener.AcceptAsync), other = new Op().Begin(listener.AcceptAsync);
            listener.Dispose();
            Check.Equal(SocketError.OperationAborted, one.End(), "the first");
            Check.Equal(SocketError.OperationAborted, other.End(), "the second");
        }
    }

    [Behaviour(83)]
    internal static void AcceptWithABuffer()
    {
        using Socket listener = Make.Listener();
        using var e = new Op(288);
        Check.Throws<PlatformNotSupportedException>(() => listener.AcceptAsync(e), "with a buffer");
        e.SetBuffer(null, 0, 0); // still free
    }

    [Behaviour(84)]
    internal static void AcceptedBlocks()
    {
        var (client, server) = Make.TcpPair();
        Check.True(server.Blocking, "blocking");
        using var timer = new Timer(_ => client.Send([3]), null, 50, Timeout.Infinite);
        Check.Bytes([3], Make.Take(server, 1), "waited for");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(265)]
    internal static void ManyConnectionsOneAfterTheOther()
    {
        using Socket listener = Make.Listener();
        using var accepting = new Op();
        for (int round = 0; round < 500; round++)
        {
            accepting.AcceptSocket = null;
            accepting.Begin(listener.AcceptAsync);
            using Socket client = Make.Tcp();
            client.Connect(listener.LocalEndPoint!);
            Check.Equal(SocketError.Success, accepting.End(), "accept");
            accepting.AcceptSocket!.Dispose();
        }
    }
}
