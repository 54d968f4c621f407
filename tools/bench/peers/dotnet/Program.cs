// Program.cs - a peer: .NET's own SocketAsyncEventArgs, one for each connection; and the same source
// by Pendio's, which is another `using` and nothing else.
//
//     bench_dotnet tcp|unix PORT|PATH
//     bench_dotnet_pendio tcp|unix PORT|PATH
//
// It says "ready" once it listens, and ends on SIGTERM.
using System;
using System.Globalization;
using System.Net;
using System.Threading;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: bench_dotnet tcp|unix PORT|PATH");
    return 2;
}
EndPoint here = args[0] == "unix"
    ? new UnixDomainSocketEndPoint(args[1])
    : new IPEndPoint(IPAddress.Loopback, int.Parse(args[1], CultureInfo.InvariantCulture));
using var listener = new Socket(here.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
listener.Bind(here);
listener.Listen(1024);
Console.WriteLine("ready");
var accepting = new SocketAsyncEventArgs();
accepting.Completed += (_, _) => Accept(listener, accepting, hasOne: true);
Accept(listener, accepting, hasOne: false);
Thread.Sleep(Timeout.Infinite);
return 0;

// Starts until an answer is "pending": a start that was done calls nobody back.
static void Accept(Socket listener, SocketAsyncEventArgs accepting, bool hasOne)
{
    while (hasOne || !listener.AcceptAsync(accepting))
    {
        hasOne = false;
        if (accepting.SocketError == SocketError.Success)
            new Connection(accepting.AcceptSocket!).Begin();
        accepting.AcceptSocket = null;
    }
}

internal sealed class Connection
{
    private readonly Socket socket;
    private readonly SocketAsyncEventArgs operation = new();
    private readonly byte[] window = new byte[16384];

    internal Connection(Socket accepted)
    {
        socket = accepted;
        if (socket.AddressFamily == AddressFamily.InterNetwork)
            socket.NoDelay = true;
        operation.SetBuffer(window, 0, window.Length);
        operation.Completed += (_, _) => GoOn();
    }

    internal void Begin()
    {
        if (!socket.ReceiveAsync(operation))
            GoOn();
    }

    // What the last operation asks for, and again as long as the answers are "done".
    private void GoOn()
    {
        bool isPending;
        do
        {
            if (operation.SocketError != SocketError.Success || operation.BytesTransferred == 0)
            {
                socket.Dispose();
                operation.Dispose();
                return;
            }
            isPending = operation.LastOperation == SocketAsyncOperation.Receive ? Send() : Receive();
        } while (!isPending);
    }

    private bool Send()
    {
        operation.SetBuffer(0, operation.BytesTransferred);
        return socket.SendAsync(operation);
    }

    private bool Receive()
    {
        operation.SetBuffer(0, window.Length);
        return socket.ReceiveAsync(operation);
    }
}
