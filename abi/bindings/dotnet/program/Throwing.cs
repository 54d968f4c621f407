// Throwing.cs - what a handler throws ends the process, also where another handler would catch it.
//
// Happy path:  a handler waits in an ordinary call -> its engine raises Completed of another operation
//              meanwhile, whose handler throws -> the process ends.
// Failures:    the exception is caught by who waits, or nobody notices it.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using Socket = Pendio.Sockets.Socket;
using SocketAsyncEventArgs = Pendio.Sockets.SocketAsyncEventArgs;

namespace Pendio.Program;

internal static class Throwing
{
    internal const int WasCaught = 3, WasLost = 4;

    /// <summary>Does it, in another process.</summary>
    internal static IEnumerable<string> Problems()
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { typeof(Throwing).Assembly.Location, "throw" },
            RedirectStandardError = true,
        })!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode is 0 or WasCaught or WasLost || !said.Contains("of a handler"))
            yield return $"a handler throws: exit {process.ExitCode}, {said}";
    }

    internal static int Run()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        using var pending = new SocketAsyncEventArgs();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        pending.Completed += (_, _) => Wait(listener, client);
        listener.AcceptAsync(pending);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        first.Connect(listener.LocalEndPoint!);
        Thread.Sleep(TimeSpan.FromSeconds(20));
        return WasLost;
    }

    private static void Wait(Socket listener, Socket client)
    {
        using var throwing = new SocketAsyncEventArgs { RemoteEndPoint = listener.LocalEndPoint };
        throwing.Completed += (_, _) => throw new InvalidOperationException("of a handler");
        try
        {
            client.ConnectAsync(throwing);
            while (true)
                listener.Accept().Dispose();
        }
        catch (InvalidOperationException)
        {
            Environment.Exit(WasCaught);
        }
    }
}
