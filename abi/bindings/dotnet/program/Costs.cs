// Costs.cs - what an operation allocates and how often it enters the library, and both echo servers
// before one client.
//
// Happy path:  Run: round trips between two contexts of one engine, counted behind a warm-up.
//              Compare: each server as a process, the same load, a line of figures for each.
// Failures:    an operation that allocates fails; so does an echo that is none.
using System;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Threading;
using Pendio.Sockets;

namespace Pendio.Program;

/// <summary>One byte to and fro, both ends on the engine's thread.</summary>
internal sealed class RoundTrips
{
    private const int WarmUp = 2000;

    private readonly ManualResetEventSlim over = new();
    private readonly SocketAsyncEventArgs[] ends = new SocketAsyncEventArgs[2];
    private readonly Socket[] sockets;
    private readonly int last;
    private int count;
    private long allocatedBefore;

    internal RoundTrips(Socket one, Socket other, int operationCount, bool flowsContext)
    {
        sockets = [one, other];
        last = WarmUp + operationCount;
        for (int index = 0; index < 2; index++)
        {
            SocketAsyncEventArgs end = ends[index] = new SocketAsyncEventArgs(!flowsContext);
            Socket mine = sockets[index];
            end.SetBuffer(new byte[64], 0, 64);
            end.Completed += (_, _) => GoOn(mine, end);
        }
    }

    internal long Allocated { get; private set; }

    internal void Run()
    {
        ends[0].SetBuffer(0, 64);
        sockets[0].ReceiveAsync(ends[0]);
        ends[1].SetBuffer(0, 1);
        sockets[1].SendAsync(ends[1]);
        if (!over.Wait(TimeSpan.FromSeconds(20)))
            throw new TimeoutException("the round trips do not end");
    }

    private void GoOn(Socket mine, SocketAsyncEventArgs end)
    {
        bool isPending = false;
        while (!isPending && !over.IsSet)
        {
            if (end.SocketError != System.Net.Sockets.SocketError.Success || ++count == last)
            {
                Allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
                over.Set();
                return;
            }
            if (count == WarmUp)
                allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
            bool wasReceive = end.LastOperation == System.Net.Sockets.SocketAsyncOperation.Receive;
            end.SetBuffer(0, wasReceive ? end.BytesTransferred : 64);
            isPending = wasReceive ? mine.SendAsync(end) : mine.ReceiveAsync(end);
        }
    }
}

internal static class Costs
{
    private const int OperationCount = 20000, StartCount = 1000;

    /// <summary>Nothing may be allocated, neither by the engine nor by who starts from elsewhere.</summary>
    internal static int Run()
    {
        int problems = 0;
        foreach (bool flowsContext in new[] { true, false })
        {
            var (one, other) = Pair();
            var trips = new RoundTrips(one, other, OperationCount, flowsContext);
            (ulong calls, ulong turns) = Engine.Count();
            trips.Run();
            (ulong callsAfter, ulong turnsAfter) = Engine.Count();
            double operations = OperationCount + 2000;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{OperationCount} operations of the engine's thread, context flows: {flowsContext}: " +
                $"{trips.Allocated} bytes allocated, " +
                $"{(callsAfter - calls + turnsAfter - turns) / operations:F2} calls into the library each"));
            problems += trips.Allocated == 0 ? 0 : 1;
            one.Dispose();
            other.Dispose();
        }
        long started = StartElsewhere();
        Console.WriteLine($"{StartCount} operations started by another thread: {started} bytes allocated there");
        return problems + (started == 0 ? 0 : 1);
    }

    private static long StartElsewhere()
    {
        var (one, other) = Pair();
        using var over = new ManualResetEventSlim();
        using var sending = new SocketAsyncEventArgs();
        sending.SetBuffer(new byte[1], 0, 1);
        sending.Completed += (_, _) => over.Set();
        long before = 0;
        for (int round = -StartCount; round < StartCount; round++)
        {
            if (round == 0)
                before = GC.GetAllocatedBytesForCurrentThread();
            over.Reset();
            if (one.SendAsync(sending))
                over.Wait();
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        one.Dispose();
        other.Dispose();
        return allocated;
    }

    private static (Socket, Socket) Pair()
    {
        using var listener = new Socket(System.Net.Sockets.AddressFamily.InterNetwork,
            System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var one = new Socket(System.Net.Sockets.AddressFamily.InterNetwork,
            System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        one.Connect(listener.LocalEndPoint!);
        return (one, listener.Accept());
    }

    /// <summary>The same source, the same client: what each server has used.</summary>
    internal static int Compare(double seconds)
    {
        foreach (string implementation in new[] { "system", "pendio" })
        {
            using Process server = StartServer(implementation, out int port);
            using var clients = new Clients(port, connectionCount: 16, messageBytes: 64);
            clients.Run(TimeSpan.FromSeconds(seconds / 4));
            Ask(server);
            long messages = clients.Run(TimeSpan.FromSeconds(seconds));
            Console.WriteLine(Describe(implementation, messages, Ask(server)));
            server.StandardInput.Close();
            if (!server.WaitForExit(10000))
                server.Kill();
        }
        return 0;
    }

    private static Process StartServer(string implementation, out int port)
    {
        using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }
        var server = new Process
        {
            StartInfo = new ProcessStartInfo(Environment.ProcessPath!)
            {
                ArgumentList = { typeof(Costs).Assembly.Location, "echo", implementation, "tcp", $"{port}" },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            },
        };
        server.Start();
        return server.StandardOutput.ReadLine() == "ready"
            ? server : throw new InvalidOperationException($"{implementation}: the server does not listen");
    }

    private static long[] Ask(Process server)
    {
        server.StandardInput.WriteLine();
        string answer = server.StandardOutput.ReadLine() ?? throw new InvalidOperationException("no answer");
        return Array.ConvertAll(answer.Split(' '),
            field => long.Parse(field[(field.IndexOf('=') + 1)..], CultureInfo.InvariantCulture));
    }

    private static string Describe(string implementation, long messages, long[] told)
    {
        double operations = told[3] + told[4];
        if (told[0] < messages)
            throw new InvalidOperationException("the server has not seen every message");
        return string.Create(CultureInfo.InvariantCulture,
            $"{implementation}: {told[0]} messages, {told[1] / (double)told[0]:F0} ns CPU each, " +
            $"{told[2] / operations:F2} bytes allocated per operation, " +
            $"{told[3]} done, {told[4]} pending");
    }
}
