// EchoServer.cs - the echo program: the same source over either implementation.
//
//     pendio_dotnet echo system|pendio tcp|unix PORT|PATH
//
// It says "ready" once it listens. Each line it reads is answered by what was done since the last
// one: messages, CPU time, bytes allocated by the threads that completed, answers of starts.
using System;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Threading;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

public static class EchoServer
{
    internal static long Messages, Allocated, Done, Pending;
    [ThreadStatic]
    private static long allocatedBefore;

    public static int Run(string family, string place)
    {
        EndPoint here = family == "unix"
            ? new UnixDomainSocketEndPoint(place)
            : new IPEndPoint(IPAddress.Loopback, int.Parse(place, CultureInfo.InvariantCulture));
        using var listener = new Socket(here.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(here);
        listener.Listen(1024);
        var accepting = new SocketAsyncEventArgs();
        accepting.Completed += (_, _) => Accept(listener, accepting, hasOne: true);
        Accept(listener, accepting, hasOne: false);
        Console.WriteLine("ready");
        Answer();
        return 0;
    }

    private static void Answer()
    {
        var process = Process.GetCurrentProcess();
        long[] before = new long[5];
        while (Console.ReadLine() != null)
        {
            process.Refresh();
            long[] now = [Volatile.Read(ref Messages), process.TotalProcessorTime.Ticks * 100,
                          Volatile.Read(ref Allocated), Volatile.Read(ref Done),
                          Volatile.Read(ref Pending)];
            for (int index = 0; index < now.Length; index++)
                (before[index], now[index]) = (now[index], now[index] - before[index]);
            Console.WriteLine($"messages={now[0]} cpu_ns={now[1]} allocated={now[2]} " +
                              $"done={now[3]} pending={now[4]}");
        }
    }

    // Starts until an answer is "pending": a start that was done calls nobody back.
    private static void Accept(Socket listener, SocketAsyncEventArgs accepting, bool hasOne)
    {
        while (hasOne || !listener.AcceptAsync(accepting))
        {
            hasOne = false;
            if (accepting.SocketError == SocketError.Success)
                new EchoConnection(accepting.AcceptSocket!).Begin();
            accepting.AcceptSocket = null;
        }
    }

    // What this thread has allocated since it was here last.
    internal static void CountAllocated()
    {
        long now = GC.GetAllocatedBytesForCurrentThread();
        if (allocatedBefore != 0)
            Interlocked.Add(ref Allocated, now - allocatedBefore);
        allocatedBefore = now;
    }

    internal static bool Count(bool isPending)
    {
        Interlocked.Increment(ref isPending ? ref Pending : ref Done);
        return isPending;
    }
}

internal sealed class EchoConnection
{
    private readonly Socket socket;
    private readonly SocketAsyncEventArgs operation = new();
    private readonly byte[] window = new byte[16384];

    internal EchoConnection(Socket accepted)
    {
        socket = accepted;
        if (socket.AddressFamily == AddressFamily.InterNetwork)
            socket.NoDelay = true;
        operation.SetBuffer(window, 0, window.Length);
        operation.Completed += (_, _) => GoOn();
    }

    internal void Begin()
    {
        if (!EchoServer.Count(socket.ReceiveAsync(operation)))
            GoOn();
    }

    // What the last operation asks for, and again as long as the answers are "done".
    private void GoOn()
    {
        bool isPending;
        EchoServer.CountAllocated();
        do
        {
            if (operation.SocketError != SocketError.Success || operation.BytesTransferred == 0)
            {
                socket.Dispose();
                operation.Dispose();
                return;
            }
            isPending = EchoServer.Count(operation.LastOperation == SocketAsyncOperation.Receive
                ? Send() : Receive());
        } while (!isPending);
    }

    private bool Send()
    {
        Interlocked.Increment(ref EchoServer.Messages); // before its client knows
        operation.SetBuffer(0, operation.BytesTransferred);
        return socket.SendAsync(operation);
    }

    private bool Receive()
    {
        operation.SetBuffer(0, window.Length);
        return socket.ReceiveAsync(operation);
    }
}
