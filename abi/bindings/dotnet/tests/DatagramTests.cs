// DatagramTests.cs - H: messages, who sent them, and where they went.
using System;
using System.Linq;
using System.Net;
using System.Threading;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

internal static class DatagramTests
{
    [Behaviour(156, 157)]
    internal static void PeekThenTake()
    {
        using Socket sender = Make.Udp(), receiver = Make.Udp();
        sender.SendTo([1, 2, 3], receiver.LocalEndPoint!);
        using var op = new Op(3) { SocketFlags = SocketFlags.Peek };
        Check.Equal(3, op.Must(receiver.ReceiveAsync).BytesTransferred, "peeked");
        Check.Equal(SocketFlags.None, op.SocketFlags, "flags");
        op.Buffer![0] = 0;
        Check.Equal(3, op.Must(receiver.ReceiveAsync).BytesTransferred, "taken");
        Check.Bytes([1, 2, 3], op.Buffer, "the same");
    }

    [Behaviour(153)]
    internal static void MorePiecesThanAMessageTakes()
    {
        using Socket sender = Make.Udp(), receiver = Make.Udp();
        using var op = new Op
        {
            BufferList = Enumerable.Range(0, 1200).Select(_ => new ArraySegment<byte>(new byte[1])).ToList(),
        };
        SocketError error = op.To(receiver.LocalEndPoint).Run(sender.SendToAsync);
        Check.True((error, op.BytesTransferred) is (SocketError.Success, 1200) or (SocketError.MessageSize, 0),
                   $"{error}, {op.BytesTransferred}");
        Check.Note("a message of 1200 pieces", error);
    }

    [Behaviour(169)]
    internal static void ReceiveFromUnbound()
    {
        using Socket socket = Make.Udp(isBound: false);
        using var op = new Op(1).To(new IPEndPoint(IPAddress.Any, 0));
        string answer;
        try
        {
            op.Begin(socket.ReceiveFromAsync);
            Thread.Sleep(50);
            answer = op.IsOver ? op.SocketError.ToString() : "waits";
        }
        catch (Exception thrown)
        {
            answer = thrown.GetType().Name;
        }
        Check.Note("receive from on an unbound socket", answer);
        socket.Dispose();
    }

    [Behaviour(170)]
    internal static void ReceiveFromOnAStream()
    {
        var (client, server) = Make.TcpPair();
        client.Send([1, 2]);
        using var op = new Op(2).To(new IPEndPoint(IPAddress.Any, 0));
        Check.Equal(2, op.Must(server.ReceiveFromAsync).BytesTransferred, "received");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(166, 171, 177, 237, 238)]
    internal static void SixteenMessages()
    {
        foreach (AddressFamily family in Make.Families)
        {
            using Socket sender = Make.Udp(family), receiver = Make.Udp(family);
            using Op receiving = new(), sending = new(256);
            byte[] window = new byte[266];
            for (byte round = 0; round < 16; round++)
            {
                Array.Fill(sending.Buffer!, round);
                Array.Fill(window, (byte)99);
                if (round < 8)
                    receiving.SetBuffer(window, 10, 256);
                else
                {
                    receiving.SetBuffer(null, 0, 0);
                    receiving.BufferList = [new(window, 10, 100), new(window, 110, 156)];
                }
                receiving.To(new IPEndPoint(Make.Any(family), 0)).Begin(receiver.ReceiveFromAsync);
                Check.Equal(256, sending.To(receiver.LocalEndPoint).Must(sender.SendToAsync).BytesTransferred, "sent");
                Check.Equal(SocketError.Success, receiving.End(), "receive");
                Check.Equal(256, receiving.BytesTransferred, "received");
                Check.Equal(sender.LocalEndPoint, receiving.RemoteEndPoint, "who sent it");
                Check.Equal(SocketFlags.None, receiving.SocketFlags, "flags");
                Check.True(window[9] == 99 && window[10] == round && window[265] == round, "where it belongs");
            }
        }
    }

    [Behaviour(141, 172)]
    internal static void CloseEndsReceives()
    {
        foreach (AddressFamily family in Make.Families)
        {
            Socket socket = Make.Udp(family);
            using var one = new Op(1).Begin(socket.ReceiveAsync);
            using var other = new Op(1).To(new IPEndPoint(Make.Any(family), 0)).Begin(socket.ReceiveFromAsync);
            socket.Dispose();
            Check.Equal(SocketError.OperationAborted, one.End(), "receive");
            Check.Equal(SocketError.OperationAborted, other.End(), "receive from");
        }
    }

    [Behaviour(175)]
    internal static void SendToBinds()
    {
        using Socket receiver = Make.Udp(), sender = Make.Udp(isBound: false);
        Check.Equal(null, sender.LocalEndPoint, "no address yet");
        using var op = new Op(1).To(receiver.LocalEndPoint).Begin(sender.SendToAsync);
        Check.True(((IPEndPoint)sender.LocalEndPoint!).Port != 0, "an address");
        Check.Equal(SocketError.Success, op.End(), "send");
    }

    [Behaviour(178)]
    internal static void OrdinaryAndAsynchronous()
    {
        using Socket one = Make.Udp(), other = Make.Udp();
        using var op = new Op(100);
        for (int round = 0; round < 16; round++)
        {
            if (round % 2 == 0)
                op.To(other.LocalEndPoint).Must(one.SendToAsync);
            else
                one.SendTo(new byte[100], other.LocalEndPoint!);
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            int count = round % 4 < 2
                ? other.ReceiveFrom(new byte[200], ref from)
                : op.To(from).Must(other.ReceiveFromAsync).BytesTransferred;
            Check.Equal(100, count, "received");
        }
    }

    [Behaviour(180, 181, 182, 184, 185, 239)]
    internal static void MessagesTellWhereTheyWent()
    {
        foreach (AddressFamily family in Make.Families)
        {
            using Socket sender = Make.Udp(family), receiver = Make.Udp(family);
            using Op alone = new(), listed = new();
            IPPacketInformation last = default;
            for (int round = 0; round < 16; round++)
            {
                byte[] window = new byte[1024];
                Op receiving = round % 2 == 0 ? alone : listed;
                if (round % 2 == 0)
                    receiving.SetBuffer(window, 0, 1024);
                else
                    receiving.BufferList = [new(window)];
                receiving.To(new IPEndPoint(Make.Any(family), 0)).Begin(receiver.ReceiveMessageFromAsync);
                byte[] data = Make.Numbers(1024, round);
                sender.SendTo(data, receiver.LocalEndPoint!);
                Check.Equal(SocketError.Success, receiving.End(), "receive");
                Check.Equal(1024, receiving.BytesTransferred, "received");
                Check.Bytes(data, window, "content");
                Check.Equal(sender.LocalEndPoint, receiving.RemoteEndPoint, "who sent it");
                IPPacketInformation information = receiving.ReceiveMessageFromPacketInfo;
                Check.Equal(Make.Loopback(family), information.Address, "where it went");
                Check.True(information.Interface > 0 && information != default, "by which interface");
                if (round > 0)
                    Check.True(information == last && information.GetHashCode() == last.GetHashCode(), "the same");
                last = information;
            }
        }
    }

    [Behaviour(1002)]
    internal static void ABufferAfterAList()
    {
        using Socket sender = Make.Udp(), receiver = Make.Udp();
        using var op = new Op { BufferList = [new(new byte[8])] };
        foreach (bool isListed in new[] { true, false })
        {
            op.To(new IPEndPoint(IPAddress.Any, 0)).Begin(receiver.ReceiveMessageFromAsync);
            sender.SendTo(new byte[8], receiver.LocalEndPoint!);
            Check.Equal(SocketError.Success, op.End(), "receive");
            if (isListed)
                op.BufferList = null;
            if (isListed)
                op.SetBuffer(new byte[8], 0, 8);
        }
        Check.Note("a message into a buffer that was set after a list", op.BytesTransferred);
    }

    [Behaviour(186)]
    internal static void IPv6OnlyToIPv4()
    {
        if (!Socket.OSSupportsIPv6)
            return;
        using Socket six = Make.Udp(AddressFamily.InterNetworkV6, isBound: false);
        using Socket four = Make.Udp();
        using var op = new Op(1).To(four.LocalEndPoint);
        Check.Note("IPv6 only sends to IPv4", op.Run(six.SendToAsync));
        Check.Note("IPv6 only sends to IPv4: answer", op.WasPending ? "pending" : "done");
    }

    [Behaviour(190, 191)]
    internal static void DualModeReceives()
    {
        if (!Socket.OSSupportsIPv6)
            return;
        using var receiver = new Socket(SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        int port = ((IPEndPoint)receiver.LocalEndPoint!).Port;
        using Socket sender = Make.Udp();
        foreach (bool isMessage in new[] { false, true })
        {
            using var op = new Op(1).To(new IPEndPoint(IPAddress.IPv6Any, 0));
            op.Begin(isMessage ? receiver.ReceiveMessageFromAsync : receiver.ReceiveFromAsync);
            Check.True(op.WasPending, "nothing has come");
            sender.SendTo([1], new IPEndPoint(IPAddress.Loopback, port));
            Check.Equal(SocketError.Success, op.End(), "receive");
            Check.Equal(1, op.BytesTransferred, "received");
            var from = (IPEndPoint)op.RemoteEndPoint!;
            Check.Equal(IPAddress.Loopback.MapToIPv6(), from.Address, "who sent it");
            if (isMessage)
                Check.Note("where it went", op.ReceiveMessageFromPacketInfo.Address);
        }
    }

    [Behaviour(193)]
    internal static void UnixDatagrams()
    {
        var here = new UnixDomainSocketEndPoint(Make.Path());
        var there = new UnixDomainSocketEndPoint(Make.Path());
        using var one = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        using var other = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        one.Bind(here);
        other.Bind(there);
        using var receiving = new Op(8).To(new UnixDomainSocketEndPoint("/")).Begin(other.ReceiveFromAsync);
        new Op(5).To(there).Must(one.SendToAsync);
        Check.Equal(SocketError.Success, receiving.End(), "receive");
        Check.Equal(5, receiving.BytesTransferred, "received");
        Check.Equal(here.ToString(), receiving.RemoteEndPoint!.ToString(), "who sent it");
    }

    [Behaviour(245)]
    internal static void AMessageTooLong()
    {
        using Socket sender = Make.Udp(), receiver = Make.Udp();
        using var op = new Op(2).To(new IPEndPoint(IPAddress.Any, 0)).Begin(receiver.ReceiveFromAsync);
        sender.SendTo([1, 2, 3, 4, 5, 6], receiver.LocalEndPoint!);
        op.End();
        Check.Bytes([1, 2], op.Buffer, "the prefix");
        Check.Equal(sender.LocalEndPoint, op.RemoteEndPoint, "who sent it");
        Check.Note("a message longer than the window", $"{op.SocketError}, {op.BytesTransferred}, {op.SocketFlags}");
    }
}
