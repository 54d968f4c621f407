// StormTests.cs - many at once, from many threads; and what handlers may do.
using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

internal static class StormTests
{
    private static void OnThreads(int count, Action<int> work)
    {
        Exception? failure = null;
        Thread[] threads = Enumerable.Range(0, count).Select(index => new Thread(() =>
        {
            try
            {
                work(index);
            }
            catch (Exception thrown)
            {
                failure = thrown;
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        if (failure != null)
            throw new Unexpected(failure.ToString());
    }

    [Behaviour(256, 267)]
    internal static void WorkersComeAndGo()
    {
        using Socket listener = Make.Listener();
        OnThreads(8, worker =>
        {
            for (int round = 0; round < 64; round++)
            {
                using Socket client = Make.Tcp();
                using Op accepting = new Op().Begin(listener.AcceptAsync), op = new(1);
                new Op().To(listener.LocalEndPoint).Must(client.ConnectAsync);
                Check.Equal(SocketError.Success, accepting.End(), "accept");
                using Socket server = accepting.AcceptSocket!; // of any worker's client
                op.Begin(server.ReceiveAsync);
                if ((round + worker) % 2 == 0)
                    client.Send([1]);
                server.Shutdown(SocketShutdown.Both);
                op.End();
            }
        });
    }

    [Behaviour(145, 266)]
    internal static void EightConnectionsBusyAtOnce()
    {
        OnThreads(8, worker =>
        {
            var (client, server) = Make.TcpPair();
            byte[] data = Make.Numbers(64, worker);
            using Op sending = new(data), receiving = new(64);
            for (int round = 0; round < 256; round++)
            {
                int have = 0;
                sending.Begin(client.SendAsync);
                while (have < 64)
                {
                    receiving.SetBuffer(have, 64 - have);
                    have += receiving.Must(server.ReceiveAsync).BytesTransferred;
                }
                Check.Equal(SocketError.Success, sending.End(), "send");
                Check.Bytes(data, receiving.Buffer, "received");
            }
            client.Dispose();
            server.Dispose();
        });
    }

    [Behaviour(164)]
    internal static void TheFileOfAUnixSocketGoesWithIt()
    {
        string path = Make.Path();
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            Check.True(File.Exists(path), "it is there");
            Check.Equal(path, socket.LocalEndPoint!.ToString(), "its own address");
        }
        Check.True(!File.Exists(path), "it is gone");
        using var hidden = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        hidden.Bind(new UnixDomainSocketEndPoint("\0" + path));
        hidden.Listen(1);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        new Op().To(hidden.LocalEndPoint).Must(client.ConnectAsync);
        Check.Equal(hidden.LocalEndPoint!.ToString(), client.RemoteEndPoint!.ToString(), "an abstract name");
    }

    [Behaviour(1003)]
    internal static void OrdinaryCallsInAHook()
    {
        using Socket listener = Make.Listener();
        using Socket client = Make.Tcp();
        using var over = new ManualResetEventSlim();
        using var e = new SocketAsyncEventArgs { RemoteEndPoint = listener.LocalEndPoint };
        string? failure = null;
        void Work()
        {
            try
            {
                using Socket server = listener.Accept();
                server.Send([1, 2, 3]);
                Make.Take(client, 3);
                client.Disconnect(reuseSocket: true);
                Check.True(!client.Connected, "disconnected");
            }
            catch (Exception thrown)
            {
                failure = thrown.ToString();
            }
            over.Set();
        }
        e.Completed += (_, _) => Work();
        if (!client.ConnectAsync(e))
            Work();
        Check.True(over.Wait(Op.Patience), "the work");
        Check.Equal(null, failure, "in the hook");
    }

    [Behaviour(1004)]
    internal static void AmbienceOfOneHookIsNotForTheNext()
    {
        var ambient = new AsyncLocal<int>();
        var (client, server) = Make.TcpPair();
        for (int round = 0; round < 2; round++)
        {
            int seen = -1;
            using var over = new ManualResetEventSlim();
            using var e = new SocketAsyncEventArgs(true);
            e.SetBuffer(new byte[1], 0, 1);
            e.Completed += (_, _) =>
            {
                seen = ambient.Value;
                ambient.Value = 42;
                over.Set();
            };
            Check.True(client.ReceiveAsync(e), "nothing has come");
            server.Send([1]);
            Check.True(over.Wait(Op.Patience), "hook");
            Check.Equal(0, seen, "ambient value");
        }
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(1005)]
    internal static void WindowsElsewhereStayUntouched()
    {
        var (client, server) = Make.TcpPair();
        byte[] window = new byte[100];
        using var op = new Op(window);
        op.SetBuffer(10, 50);
        op.Begin(server.ReceiveAsync);
        client.Send([1, 1, 1]);
        Check.Equal(SocketError.Success, op.End(), "receive");
        Check.Equal(3, window.Count(value => value == 1), "bytes in the window");
        Check.True(window[10] == 1 && window[12] == 1, "where it begins");
        op.Begin(server.ReceiveAsync);
        server.Dispose();
        Check.Equal(SocketError.OperationAborted, op.End(), "closed");
        Check.Equal(3, window.Count(value => value != 0), "untouched by what was aborted");
        client.Dispose();
    }
}
