// StreamTests.cs - G: streams of bytes, what ends them, and what waits on them.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

internal static class StreamTests
{
    private static IList<ArraySegment<byte>> Split(byte[] bytes, params int[] at)
    {
        var pieces = new List<ArraySegment<byte>>();
        int begin = 0;
        foreach (int end in at.Append(bytes.Length))
        {
            pieces.Add(new ArraySegment<byte>(bytes, begin, end - begin));
            begin = end;
        }
        return pieces;
    }

    /// <summary>Receives until the end of the stream; what came.</summary>
    private static byte[] ReceiveAll(Socket socket, int window, bool asList)
    {
        using var all = new System.IO.MemoryStream();
        byte[] bytes = new byte[window + 3];
        using var op = new Op();
        if (asList)
            op.BufferList = Split(bytes[..window], window / 3, window / 3);
        else
            op.SetBuffer(bytes, 3, window);
        while (op.Must(socket.ReceiveAsync).BytesTransferred > 0)
        {
            int left = op.BytesTransferred;
            IEnumerable<ArraySegment<byte>> places =
                asList ? op.BufferList! : [new ArraySegment<byte>(bytes, 3, window)];
            foreach (ArraySegment<byte> place in places)
            {
                int part = Math.Min(left, place.Count);
                all.Write(place.Array!, place.Offset, part);
                left -= part;
            }
        }
        return all.ToArray();
    }

    [Behaviour(125, 126, 235)]
    internal static void AStreamArrivesWhole()
    {
        byte[] data = Make.Numbers(123456);
        foreach (AddressFamily family in Make.Families)
        {
            foreach (bool asList in new[] { false, true })
            {
                var (client, server) = Make.TcpPair(family);
                byte[]? received = null;
                var receiver = new Thread(() => received = ReceiveAll(server, 256, asList));
                receiver.Start();
                using var op = new Op();
                for (int sent = 0; sent < data.Length; sent += op.BytesTransferred)
                {
                    int byteCount = Math.Min(512, data.Length - sent);
                    if (asList)
                        op.BufferList = [.. Split(data[sent..(sent + byteCount)], byteCount / 2, byteCount / 2)];
                    else
                        op.SetBuffer(data, sent, byteCount);
                    Check.Equal(byteCount, op.Must(client.SendAsync).BytesTransferred, "sent");
                }
                client.Shutdown(SocketShutdown.Send);
                receiver.Join();
                Check.Bytes(data, received, "stream");
                client.Dispose();
                server.Dispose();
            }
        }
    }

    [Behaviour(128)]
    internal static void BuffersAndListsByTurns()
    {
        var (client, server) = Make.TcpPair();
        byte[] data = Make.Numbers(90);
        using var op = new Op();
        for (int round = 0; round < 9; round++)
        {
            byte[] part = data[(10 * round)..(10 * round + 10)];
            op.BufferList = null;
            op.SetBuffer(null, 0, 0);
            if (round % 3 == 0)
                op.SetBuffer(part, 0, 10);
            else
                op.BufferList = round % 3 == 1 ? Split(part) : Split(part, 4);
            Check.Equal(10, op.Must((round % 2 == 0 ? client : server).SendAsync).BytesTransferred, "sent");
            Check.Bytes(part, Make.Take(round % 2 == 0 ? server : client, 10), "received");
        }
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(129)]
    internal static void ThreeReceivesInTheirOrder()
    {
        var (client, server) = Make.TcpPair();
        Op[] waiting = Enumerable.Range(0, 3).Select(_ => new Op(1).Begin(server.ReceiveAsync)).ToArray();
        client.Send([1, 2, 3]);
        for (int index = 0; index < 3; index++)
        {
            Check.Equal(SocketError.Success, waiting[index].End(), "receive");
            Check.Equal(index + 1, waiting[index].Buffer![0], "in order");
        }
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(131, 240)]
    internal static void ThreeSendsInTheirOrder()
    {
        foreach (bool asList in new[] { false, true })
        {
            var (client, server) = Make.TcpPair();
            byte[][] data = [Make.Numbers(2 << 20, 1), Make.Numbers(2 << 20, 2), Make.Numbers(1 << 20, 3)];
            Op[] sending = data.Select(bytes =>
            {
                var op = new Op();
                if (asList)
                    op.BufferList = Split(bytes, 1 << 19, 1 << 19);
                else
                    op.SetBuffer(bytes, 0, bytes.Length);
                return op.Begin(client.SendAsync);
            }).ToArray();
            Check.Bytes([.. data[0], .. data[1], .. data[2]], Make.Take(server, 5 << 20), "in order");
            for (int index = 0; index < 3; index++)
            {
                Check.Equal(SocketError.Success, sending[index].End(), "send");
                Check.Equal(data[index].Length, sending[index].BytesTransferred, "all of it");
            }
            client.Dispose();
            server.Dispose();
        }
    }

    [Behaviour(132, 133)]
    internal static void ZeroBytesWaitForData()
    {
        var (client, server) = Make.TcpPair();
        using var receiving = new Op();
        receiving.SetBuffer([], 0, 0);
        receiving.Begin(server.ReceiveAsync);
        Check.True(receiving.WasPending, "nothing has come");
        Thread.Sleep(20);
        Check.True(!receiving.IsOver, "still nothing");
        client.Send([1]);
        Check.Equal(SocketError.Success, receiving.End(), "receive");
        Check.Equal(0, receiving.BytesTransferred, "bytes");
        Check.Equal(1, server.Available, "still there");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(135, 243)]
    internal static void ZeroBytesAtTheEnd()
    {
        var (client, server) = Make.TcpPair();
        using var receiving = new Op();
        receiving.SetBuffer([], 0, 0);
        receiving.Begin(server.ReceiveAsync);
        client.Shutdown(SocketShutdown.Both);
        client.Dispose();
        receiving.End();
        Check.Equal(0, receiving.BytesTransferred, "bytes");
        server.Dispose();
    }

    [Behaviour(136)]
    internal static void BlockingModeIsNoMatter()
    {
        foreach (bool blocking in new[] { true, false })
        {
            var (client, server) = Make.TcpPair();
            client.Blocking = server.Blocking = blocking;
            client.LingerState = new LingerOption(true, 1);
            using var receiving = new Op(3).Begin(server.ReceiveAsync);
            new Op([1, 2, 3]).Must(client.SendAsync);
            Check.Equal(SocketError.Success, receiving.End(), "receive");
            client.Dispose();
            server.Dispose();
        }
    }

    [Behaviour(138, 142)]
    internal static void CloseEndsReceives()
    {
        foreach (AddressFamily family in Make.Families)
        {
            var (client, server) = Make.TcpPair(family);
            using var receiving = new Op(1).Begin(server.ReceiveAsync);
            Check.True(receiving.WasPending, "nothing has come");
            server.Dispose();
            Check.Equal(SocketError.OperationAborted, receiving.End(), "here");
            client.ReceiveTimeout = 10000;
            int count = client.Receive(new byte[1], SocketFlags.None, out SocketError there);
            Check.Equal((0, SocketError.ConnectionReset), (count, there), "the peer");
            client.Dispose();
        }
    }

    [Behaviour(139, 140)]
    internal static void StartAgainstClose()
    {
        for (int round = 0; round < 20; round++)
        {
            var (client, server) = Make.TcpPair();
            using var together = new Barrier(2);
            foreach (Func<SocketAsyncEventArgs, bool> start in
                     new Func<SocketAsyncEventArgs, bool>[] { client.SendAsync, server.ReceiveAsync })
            {
                var closer = new Thread(() =>
                {
                    together.SignalAndWait();
                    ((Socket)start.Target!).Dispose();
                });
                closer.Start();
                using var op = new Op(1);
                together.SignalAndWait();
                try
                {
                    SocketError error = op.Run(start);
                    Check.True(error is SocketError.Success or SocketError.OperationAborted or
                                   SocketError.ConnectionAborted or SocketError.ConnectionReset or
                                   SocketError.Shutdown or SocketError.Interrupted, $"{error}");
                }
                catch (ObjectDisposedException)
                {
                }
                closer.Join();
            }
        }
    }

    [Behaviour(149)]
    internal static void AHookThatBlocks()
    {
        var (client, server) = Make.TcpPair();
        using Op first = new(1), second = new(1);
        bool went = false;
        using var over = new ManualResetEventSlim();
        second.Begin(client.ReceiveAsync);
        first.Completed += (_, _) =>
        {
            server.Send([2]);
            for (int wait = 0; wait < 50 && !went; wait++)
            {
                Thread.Sleep(10);
                went = second.IsOver;
            }
            over.Set();
        };
        first.Begin(server.ReceiveAsync);
        client.Send([1]);
        Check.True(over.Wait(Op.Patience), "the hook");
        Check.Equal(SocketError.Success, second.End(), "the other one");
        Check.Note("another operation completes while a hook blocks", went);
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(151)]
    internal static void MorePiecesThanTheSystemTakes()
    {
        var (client, server) = Make.TcpPair();
        byte[] data = Make.Numbers(2400);
        using var op = new Op { BufferList = Split(data, Enumerable.Range(1, 2399).ToArray()) };
        Check.Equal(2400, op.Must(client.SendAsync).BytesTransferred, "sent");
        Check.Bytes(data, Make.Take(server, 2400), "received");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(159, 160)]
    internal static void UnixStreams()
    {
        foreach ((int count, int write, int read) in new[] { (5000, 1, 1), (500, 18, 21), (500, 21, 18), (5, 128000, 64000) })
        {
            var (client, server) = Make.UnixPair();
            byte[] data = Make.Numbers(count * write);
            byte[]? received = null;
            var receiver = new Thread(() => received = ReceiveAll(server, read, asList: false));
            receiver.Start();
            using var op = new Op();
            for (int round = 0; round < count; round++)
            {
                op.SetBuffer(data, round * write, write);
                Check.Equal(write, op.Must(client.SendAsync).BytesTransferred, "sent");
            }
            client.Shutdown(SocketShutdown.Send);
            receiver.Join();
            Check.Bytes(data, received, "stream");
            client.Dispose();
            server.Dispose();
        }
    }

    [Behaviour(162)]
    internal static void OrdinaryCallsAtTheSameTime()
    {
        var (client, server) = Make.UnixPair();
        byte[] received = new byte[25];
        Thread[] threads = Enumerable.Range(0, 50).Select(index => new Thread(() =>
        {
            if (index < 25)
                client.Send([(byte)index]);
            else
                received[index - 25] = Make.Take(server, 1)[0];
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Array.Sort(received);
        Check.Bytes(Enumerable.Range(0, 25).Select(index => (byte)index).ToArray(), received, "all of them");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(163)]
    internal static void CloseEndsAnOrdinaryReceive()
    {
        var (client, server) = Make.UnixPair();
        bool failed = false;
        var receiver = new Thread(() =>
        {
            try
            {
                failed = server.Receive(new byte[1]) == 0;
            }
            catch (Exception)
            {
                failed = true;
            }
        });
        receiver.Start();
        Thread.Sleep(50);
        server.Dispose();
        Check.True(receiver.Join(Op.Patience) && failed, "it ends");
        client.Dispose();
    }

    [Behaviour(255)]
    internal static void SixteenReceivesAndAClose()
    {
        for (int round = 0; round < 16; round++)
        {
            var (client, server) = Make.TcpPair();
            Op[] waiting = Enumerable.Range(0, 16).Select(_ => new Op(1).Begin(server.ReceiveAsync)).ToArray();
            client.Dispose();
            server.Dispose();
            foreach (Op op in waiting)
            {
                SocketError error = op.End();
                Check.True(error is SocketError.Success or SocketError.OperationAborted or
                               SocketError.ConnectionReset or SocketError.ConnectionAborted, $"{error}");
                op.Dispose();
            }
        }
    }

    [Behaviour(1001)]
    internal static void AnswerWithDataThere()
    {
        var (client, server) = Make.TcpPair();
        client.Send([1]);
        Check.Soon(() => server.Available == 1, "it arrives");
        using var receiving = new Op(1).Begin(server.ReceiveAsync);
        receiving.End();
        Check.Equal(1, receiving.BytesTransferred, "received");
        Check.Note("a receive with data there, of a thread of the program, answers", receiving.WasPending);
        client.Dispose();
        server.Dispose();
    }
}
