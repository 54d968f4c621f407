// EdgeTests.cs - engines that are busy, hooks that wait, and what a program changes meanwhile.
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

internal static class EdgeTests
{
    /// <summary>A hook that waits until it may go on; so does all else of its engine.</summary>
    private sealed class Held : IDisposable
    {
        private readonly ManualResetEventSlim begun = new(), goOn = new();
        private readonly Socket client, server;
        private readonly Op op = new(1);

        internal Held()
        {
            (client, server) = Make.TcpPair();
            op.Completed += (_, _) =>
            {
                begun.Set();
                goOn.Wait(Op.Patience);
            };
            op.Begin(server.ReceiveAsync);
            client.Send([1]);
            Check.True(begun.Wait(Op.Patience), "the hook that waits");
        }

        internal void GoOn() => goOn.Set();

        public void Dispose()
        {
            GoOn();
            op.End();
            client.Dispose();
            server.Dispose();
        }
    }

    /// <summary>Somebody who does something in a hook, once.</summary>
    private static Op Hook(Action work, ManualResetEventSlim over, int byteCount = 1)
    {
        var op = new Op(byteCount);
        op.Completed += (_, _) =>
        {
            work();
            over.Set();
        };
        return op;
    }

    /// <summary>A listener that has accepted asynchronously already.</summary>
    private static Socket UsedListener()
    {
        Socket listener = Make.Listener();
        using Op accepting = new Op().Begin(listener.AcceptAsync);
        using Socket client = Make.Tcp();
        client.Connect(listener.LocalEndPoint!);
        Check.Equal(SocketError.Success, accepting.End(), "accept");
        accepting.AcceptSocket!.Dispose();
        return listener;
    }

    [Behaviour(1010)]
    internal static void AHookWaitsForWhatAnotherEngineDoes()
    {
        using Socket listener = UsedListener();
        for (int round = 0; round < 4; round++)
        {
            var (client, server) = Make.TcpPair();
            using var over = new ManualResetEventSlim();
            using Op op = Hook(() =>
            {
                using Socket other = Make.Tcp();
                using var timer = new Timer(_ => other.Connect(listener.LocalEndPoint!), null, 50,
                                            Timeout.Infinite);
                listener.Accept().Dispose();
            }, over);
            op.Begin(server.ReceiveAsync);
            client.Send([1]);
            Check.True(over.Wait(Op.Patience), "accepted in the hook");
            op.End();
            client.Dispose();
            server.Dispose();
        }
    }

    [Behaviour(1011)]
    internal static void AHookWaitsForWhatWasStartedBehindIt()
    {
        using Socket listener = UsedListener();
        var (client, server) = Make.TcpPair();
        using Socket other = Make.Tcp();
        using var over = new ManualResetEventSlim();
        using Op first = Hook(() => listener.Accept().Dispose(), over, 0), second = new();
        using (var held = new Held())
        {
            first.Begin(client.SendAsync); // nothing, which may be done as soon as it is begun
            if (!first.WasPending)
                ThreadPool.QueueUserWorkItem(_ =>
                {
                    listener.Accept().Dispose();
                    over.Set();
                });
            second.To(listener.LocalEndPoint).Begin(other.ConnectAsync);
        }
        Check.Equal(SocketError.Success, second.End(), "connect");
        Check.True(over.Wait(Op.Patience), "accepted");
        first.End();
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(1012)]
    internal static void AHookWaitsForAHookThatIsDueAsWell()
    {
        using Socket listener = UsedListener();
        var (client, server) = Make.TcpPair();
        var (client2, server2) = Make.TcpPair();
        using Socket other = Make.Tcp();
        using ManualResetEventSlim over = new(), over2 = new();
        using Op first = Hook(() => listener.Accept().Dispose(), over);
        using Op second = Hook(() => other.Connect(listener.LocalEndPoint!), over2);
        first.Begin(server.ReceiveAsync);
        second.Begin(server2.ReceiveAsync);
        using (var held = new Held())
        {
            client.Send([1]);
            client2.Send([1]);
        }
        Check.True(over2.Wait(Op.Patience), "connected");
        Check.True(over.Wait(Op.Patience), "accepted");
        Check.Equal(SocketError.Success, first.End(), "first");
        Check.Equal(SocketError.Success, second.End(), "second");
        Array.ForEach([client, server, client2, server2], socket => socket.Dispose());
    }

    [Behaviour(1013)]
    internal static void TargetThatIsClosed()
    {
        using Socket listener = UsedListener();
        Socket target = Make.Tcp();
        target.Dispose();
        using Socket heir = Make.Udp(); // of its descriptor
        using Socket client = Make.Tcp();
        client.Connect(listener.LocalEndPoint!);
        using var accepting = new Op { AcceptSocket = target };
        string outcome;
        try
        {
            outcome = accepting.Outcome(listener.AcceptAsync).ToString();
        }
        catch (ObjectDisposedException)
        {
            outcome = "ObjectDisposedException";
        }
        Check.Note("accept into a closed socket", outcome);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        heir.SendTo([1], heir.LocalEndPoint!);
        Check.Equal(1, heir.Receive(new byte[2]), "whoever has the descriptor now");
    }

    [Behaviour(1014)]
    internal static void ASenderThatTheProgramHasChanged()
    {
        using Socket sender = Make.Udp(), receiver = Make.Udp();
        using Op op = new Op(4).To(new IPEndPoint(IPAddress.Any, 0));
        for (int round = 0; round < 3; round++)
        {
            op.Begin(receiver.ReceiveFromAsync);
            sender.SendTo([1], receiver.LocalEndPoint!);
            Check.Equal(SocketError.Success, op.End(), "receive");
            Check.Equal(sender.LocalEndPoint, op.RemoteEndPoint, "who has sent");
            ((IPEndPoint)op.RemoteEndPoint!).Port = 9;
        }
    }

    [Behaviour(1015)]
    internal static void OrdinaryCallsThatFail()
    {
        var (client, server) = Make.TcpPair();
        client.ReceiveTimeout = 50;
        var late = Check.Throws<SocketException>(() => client.Receive(new byte[1]), "nothing comes");
        Check.Equal(SocketError.TimedOut, late.SocketErrorCode, "in time");
        Check.True(client.Connected, "still connected");
        client.SendTimeout = 50;
        byte[] much = new byte[64 << 20];
        late = Check.Throws<SocketException>(() => client.Send(much), "nobody takes it");
        Check.Equal(SocketError.TimedOut, late.SocketErrorCode, "in time");
        Check.Throws<ArgumentNullException>(() => client.Receive((byte[])null!), "no memory", "buffer");
        Check.Throws<ArgumentNullException>(() => client.Send((byte[])null!), "no memory", "buffer");
        Check.Throws<ArgumentOutOfRangeException>(
            () => client.Receive(new byte[2], 3, 0, SocketFlags.None), "offset", "offset");
        Check.Throws<ArgumentOutOfRangeException>(
            () => client.Send(new byte[2], 1, 2, SocketFlags.None), "size", "size");
        client.Dispose();
        server.Dispose();
        using Socket udp = Make.Udp();
        Check.Throws<ArgumentNullException>(() => udp.SendTo([1], null!), "to nobody", "remoteEP");
        Check.Throws<ArgumentException>(() => udp.SendTo([1], new DnsEndPoint("localhost", 9)), "to a name", "remoteEP");
        EndPoint? nobody = null;
        Check.Throws<ArgumentNullException>(() => udp.ReceiveFrom(new byte[1], ref nobody!), "from nobody", "remoteEP");
        EndPoint other = new IPEndPoint(IPAddress.IPv6Any, 0);
        Check.Throws<ArgumentException>(() => udp.ReceiveFrom(new byte[1], ref other), "of IPv6", "remoteEP");
    }

    [Behaviour(1016)]
    internal static void AListThatIsRefused()
    {
        var (client, server) = Make.TcpPair();
        using var op = new Op { BufferList = [new byte[] { 1 }, new byte[] { 2 }] };
        Check.Throws<ArgumentNullException>(() => op.BufferList = [new byte[] { 3 }, default], "one is none");
        Check.Equal(2, op.BufferList.Count, "the list that was");
        op.Begin(client.SendAsync);
        Check.Equal(SocketError.Success, op.End(), "send");
        client.Shutdown(SocketShutdown.Send);
        byte[] got = new byte[3];
        int count = server.Receive(got);
        Check.Note("sent of the list that was, another being refused", string.Join(" ", got[..count]));
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(1017)]
    internal static void PacketsChangedWhileTheyGo()
    {
        string path = Make.Path();
        File.WriteAllBytes(path, [1, 2]);
        var (client, server) = Make.TcpPair();
        SendPacketsElement?[] packets = [new([0]), new(path), null];
        using var op = new Op { SendPacketsElements = packets! };
        using (var held = new Held())
        {
            op.Begin(client.SendPacketsAsync);
            packets[0] = new SendPacketsElement(path);
            packets[2] = new SendPacketsElement(path);
        }
        Check.Equal(SocketError.Success, op.End(), "send");
        Check.Bytes([0, 1, 2], Make.Take(server, 3), "what was there at the start");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(1018)]
    internal static void DisposeOfWhatIsJustFree()
    {
#if PENDIO
        const int rounds = 4000;
#else
        const int rounds = 1; // .NET promises nothing here
#endif
        int turn = 0, last = 0, kept = 0;
        SocketAsyncEventArgs? e = null;
        var setter = new Thread(() =>
        {
            for (int round = 1; round <= rounds; round++)
            {
                while (Volatile.Read(ref turn) < round)
                    Thread.SpinWait(1);
                try
                {
                    for (int count = 0; count < 20; count++)
                        e!.SetBuffer(0, 0);
                }
                catch (ObjectDisposedException)
                {
                    // as it must be, at some time
                }
                Volatile.Write(ref last, round);
            }
        });
        setter.Start();
        for (int round = 1; round <= rounds; round++)
        {
            e = new SocketAsyncEventArgs();
            Volatile.Write(ref turn, round);
            Thread.SpinWait(round % 20);
            e.Dispose();
            while (Volatile.Read(ref last) < round)
                Thread.SpinWait(1);
            try
            {
                e.SetBuffer(0, 0);
                kept++;
            }
            catch (ObjectDisposedException)
            {
                // as it must be
            }
        }
        setter.Join();
        Check.Equal(0, kept, "not disposed of");
    }

    [Behaviour(1019)]
    internal static void OrdinaryCallsThatAreCutOff()
    {
        var (client, server) = Make.TcpPair();
        var (unixClient, unixServer) = Make.UnixPair();
        EndPoint who = new IPEndPoint(IPAddress.Any, 0);
        Socket udp = Make.Udp();
        CutOff("accept", Make.Listener(), socket => socket.Accept());
        CutOff("accept of a listener in use", UsedListener(), socket => socket.Accept());
        CutOff("receive", client, socket => socket.Receive(new byte[1]));
        CutOff("receive of a Unix socket", unixClient, socket => socket.Receive(new byte[1]));
        CutOff("receive of a datagram", udp, socket => socket.ReceiveFrom(new byte[1], ref who));
        CutOff("send", unixServer, socket => socket.Send(new byte[64 << 20]), isOne: false);
        var (sender, receiver) = Make.TcpPair();
        CutOff("send over TCP", sender, socket => socket.Send(new byte[64 << 20]), isOne: false);
        receiver.Dispose();
        server.Dispose();
    }

    /// <summary>
    /// Another thread closes the socket that a call waits for; .NET has one answer, or several.
    /// </summary>
    private static void CutOff(string what, Socket socket, Action<Socket> call, bool isOne = true)
    {
        using var timer = new Timer(_ => socket.Dispose(), null, 100, Timeout.Infinite);
        string outcome = "none";
        try
        {
            call(socket);
        }
        catch (SocketException thrown)
        {
            outcome = thrown.SocketErrorCode.ToString();
        }
        catch (ObjectDisposedException)
        {
            outcome = "disposed";
        }
        Check.Note($"{what}, cut off", isOne ? outcome : outcome != "none");
    }

    [Behaviour(1020)]
    internal static void AcceptThatDoesNotWait()
    {
        foreach (Socket listener in new[] { Make.Listener(), UsedListener() })
        {
            listener.Blocking = false;
            var none = Check.Throws<SocketException>(() => listener.Accept(), "nobody is there");
            Check.Equal(SocketError.WouldBlock, none.SocketErrorCode, "nobody is there");
            using Socket client = Make.Tcp();
            client.Connect(listener.LocalEndPoint!);
            listener.Accept().Dispose();
            listener.Dispose();
        }
    }
}
