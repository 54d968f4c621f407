// Clients.cs - who keeps an echo server busy: one message of each connection under way at a time.
//
// Happy path:  each connection sends and waits for the same bytes, until time is up.
// Failures:    other bytes, or an end: an exception.
using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Pendio.Program;

internal sealed class Clients : IDisposable
{
    private readonly System.Net.Sockets.Socket[] sockets;
    private readonly byte[] message, received;

    internal Clients(int port, int connectionCount, int messageBytes)
    {
        sockets = new System.Net.Sockets.Socket[connectionCount];
        message = new byte[messageBytes];
        received = new byte[messageBytes];
        new Random(1).NextBytes(message);
        for (int index = 0; index < connectionCount; index++)
        {
            sockets[index] = new System.Net.Sockets.Socket(
                AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            { NoDelay = true, ReceiveTimeout = 10000 };
            sockets[index].Connect(new IPEndPoint(IPAddress.Loopback, port));
        }
    }

    /// <summary>How many messages went to and fro.</summary>
    internal long Run(TimeSpan time)
    {
        long count = 0;
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < time)
        {
            foreach (System.Net.Sockets.Socket socket in sockets)
                socket.Send(message);
            foreach (System.Net.Sockets.Socket socket in sockets)
                Take(socket);
            count += sockets.Length;
        }
        return count;
    }

    private void Take(System.Net.Sockets.Socket socket)
    {
        for (int have = 0; have < received.Length;)
        {
            int more = socket.Receive(received, have, received.Length - have, SocketFlags.None);
            have += more > 0 ? more : throw new InvalidOperationException("the server has ended");
        }
        if (!received.AsSpan().SequenceEqual(message))
            throw new InvalidOperationException("the echo is another message");
    }

    public void Dispose()
    {
        foreach (System.Net.Sockets.Socket socket in sockets)
            socket.Dispose();
    }
}
