// ContextTests.cs - A and B: properties, buffers, lifetime, reuse.
using System;
using System.Buffers;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

internal static unsafe class ContextTests
{
    [Behaviour(1, 2, 3)]
    internal static void PropertiesRoundTrip()
    {
        using var e = new SocketAsyncEventArgs();
        object token = new();
        Check.Equal(null, e.UserToken, "token");
        e.UserToken = token;
        Check.True(ReferenceEquals(token, e.UserToken), "the same token");
        Check.Equal(SocketFlags.None, e.SocketFlags, "flags");
        e.SocketFlags = SocketFlags.Broadcast;
        Check.Equal(SocketFlags.Broadcast, e.SocketFlags, "flags");
        Check.Equal(0, e.SendPacketsSendSize, "block size");
        e.SendPacketsSendSize = 4;
        Check.Equal(4, e.SendPacketsSendSize, "block size");
        Check.Equal(SocketError.Success, e.SocketError, "error");
        Check.Equal(SocketAsyncOperation.None, e.LastOperation, "operation");
    }

    [Behaviour(5, 6, 7)]
    internal static void WindowsOutOfRange()
    {
        using var e = new SocketAsyncEventArgs();
        foreach ((int offset, int count, string name) in new[]
                 { (-1, 0, "offset"), (2, 0, "offset"), (0, -1, "count"), (0, 2, "count"), (1, 2, "count") })
            Check.Throws<ArgumentOutOfRangeException>(
                () => e.SetBuffer(new byte[1], offset, count), $"{offset}+{count}", name);
        e.SetBuffer(new byte[2], 0, 2);
        foreach ((int offset, int count, string name) in new[]
                 { (-1, 2, "offset"), (3, 2, "offset"), (1, -1, "count"), (1, 3, "count") })
            Check.Throws<ArgumentOutOfRangeException>(
                () => e.SetBuffer(offset, count), $"again {offset}+{count}", name);
    }

    [Behaviour(8, 9)]
    internal static void NoBufferHasNoWindow()
    {
        using var e = new SocketAsyncEventArgs();
        e.SetBuffer(42, 84);
        Check.Equal((0, 0), (e.Offset, e.Count), "window of nothing");
        e.SetBuffer(new byte[3], 1, 2);
        Check.Equal((1, 2), (e.Offset, e.Count), "window");
        e.SetBuffer(null, 1, 2);
        Check.Equal((0, 0), (e.Offset, e.Count), "window of null");
        Check.Equal(null, e.Buffer, "buffer");
    }

    [Behaviour(10, 11, 12, 21, 22)]
    internal static void BufferAndListExcludeEachOther()
    {
        using var e = new SocketAsyncEventArgs();
        var list = new List<ArraySegment<byte>> { new(new byte[1]) };
        byte[] array = new byte[1];
        e.SetBuffer(array, 0, 1);
        Check.Throws<ArgumentException>(() => e.BufferList = list, "list beside a buffer");
        Check.True(ReferenceEquals(array, e.Buffer) && e.BufferList == null, "the buffer stays");
        e.SetBuffer(null, 0, 0);
        e.BufferList = list;
        Check.True(ReferenceEquals(list, e.BufferList), "the list");
        Check.Throws<ArgumentException>(() => e.SetBuffer(array, 0, 1), "buffer beside a list");
        Check.Throws<ArgumentException>(() => e.SetBuffer(array.AsMemory()), "memory beside a list");
        e.SetBuffer(Memory<byte>.Empty);
        Check.True(ReferenceEquals(list, e.BufferList) && e.Buffer == null, "the list stays");
        e.BufferList = null;
        e.SetBuffer(array.AsMemory());
        Check.Throws<ArgumentException>(() => e.BufferList = list, "list beside memory");
        Check.Equal((0, 1), (e.Offset, e.Count), "the window stays");
        e.SetBuffer(Memory<byte>.Empty);
        e.BufferList = list;
    }

    [Behaviour(16)]
    internal static void AllEntriesOfAListAreLookedAt()
    {
        using var e = new SocketAsyncEventArgs();
        var list = new List<ArraySegment<byte>> { new(new byte[1]), default };
        Check.Throws<ArgumentNullException>(() => e.BufferList = list, "an entry of nothing");
    }

    [Behaviour(14, 17, 19, 20, 23, 24)]
    internal static void MemoryAndArrays()
    {
        using var e = new SocketAsyncEventArgs();
        Memory<byte> memory = new byte[42];
        e.SetBuffer(memory);
        Check.True(e.MemoryBuffer.Equals(memory) && e.Buffer == null, "memory");
        Check.Equal((0, 42), (e.Offset, e.Count), "its window");
        e.SetBuffer(memory);
        e.SetBuffer(new byte[7].AsMemory());
        Check.Equal((0, 7), (e.Offset, e.Count), "the last one's window");
        byte[] array = new byte[4];
        e.SetBuffer(array, 0, 4);
        e.SetBuffer(array, 0, 4);
        e.SetBuffer(1, 2);
        Check.True(ReferenceEquals(array, e.Buffer), "array");
        Check.Equal((1, 2), (e.Offset, e.Count), "window of an array");
        Check.Equal(4, e.MemoryBuffer.Length, "all of it");
        e.SetBuffer(new byte[4].AsMemory());
        Check.Equal((0, 4), (e.Offset, e.Count), "window of memory");
        e.SetBuffer(Memory<byte>.Empty);
        Check.Equal((0, 0), (e.Offset, e.Count), "window of none");
    }

    private sealed class NativeMemoryOwner(int byteCount) : MemoryManager<byte>
    {
        private readonly byte* at = (byte*)NativeMemory.AllocZeroed((nuint)byteCount);

        public override Span<byte> GetSpan() => new(at, byteCount);

        public override MemoryHandle Pin(int elementIndex = 0) => new(at + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing) => NativeMemory.Free(at);
    }

    [Behaviour(25)]
    internal static void NativeMemoryIsABuffer()
    {
        using var owner = new NativeMemoryOwner(42);
        var (client, server) = Make.TcpPair();
        using var receiving = new Op();
        receiving.SetBuffer(owner.Memory);
        Check.Equal(null, receiving.Buffer, "array");
        receiving.Begin(client.ReceiveAsync);
        server.Send([1, 2, 3]);
        Check.Equal(SocketError.Success, receiving.End(), "receive");
        Check.Bytes([1, 2, 3], owner.GetSpan()[..3], "received");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(26)]
    internal static void DisposeTwice()
    {
        var e = new SocketAsyncEventArgs();
        e.Dispose();
        e.Dispose();
        Check.Throws<ObjectDisposedException>(() => e.SetBuffer(new byte[1], 0, 1), "set after dispose");
    }

    [Behaviour(27, 29)]
    internal static void DisposeWhileInUseIsDelayed()
    {
        var (client, server) = Make.TcpPair();
        var receiving = new Op(1).Begin(client.ReceiveAsync);
        Check.True(receiving.WasPending, "nothing has come");
        Check.Throws<InvalidOperationException>(() => client.ReceiveAsync(receiving), "started twice");
        Check.Throws<InvalidOperationException>(() => receiving.SetBuffer(0, 1), "set while in use");
        Check.Throws<InvalidOperationException>(() => receiving.BufferList = null, "list while in use");
        receiving.Dispose();
        Check.Throws<InvalidOperationException>(() => client.ReceiveAsync(receiving), "disposed, in use");
        server.Send([7]);
        Check.Equal(SocketError.Success, receiving.End(), "the first one");
        Check.Equal(1, receiving.BytesTransferred, "its byte");
        Check.Throws<ObjectDisposedException>(() => client.ReceiveAsync(receiving), "disposed");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(30)]
    internal static void OneContextServesSeveralSockets()
    {
        var (client, server) = Make.TcpPair();
        using var op = new Op(1);
        for (byte round = 0; round < 10; round++)
        {
            op.Buffer![0] = round;
            op.SetBuffer(0, 1);
            Check.Equal(1, op.Must(client.SendAsync).BytesTransferred, "sent");
            op.Buffer[0] = 99;
            Check.Equal(1, op.Must(server.ReceiveAsync).BytesTransferred, "received");
            Check.Equal(round, op.Buffer[0], "value");
        }
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(33)]
    internal static void HooksComeAndGo()
    {
        var (client, server) = Make.TcpPair();
        using var op = new Op(1);
        int first = 0, second = 0;
        EventHandler<SocketAsyncEventArgs> one = (sender, e) =>
        {
            Check.True(ReferenceEquals(sender, client) && ReferenceEquals(e, op), "who has sent it");
            first++;
        };
        op.Completed += one;
        op.Completed += (_, _) => second++;
        for (int round = 0; round < 2; round++)
        {
            op.Begin(client.ReceiveAsync);
            Check.True(op.WasPending, "nothing has come");
            server.Send([1]);
            op.End();
            op.Completed -= one;
        }
        Check.Equal((1, 2), (first, second), "hooks that ran");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(34)]
    internal static void HookRunsOnAnotherThread()
    {
        var ambient = new AsyncLocal<int>();
        var (client, server) = Make.TcpPair();
        foreach (bool isSuppressed in new[] { false, true })
        {
            using var over = new ManualResetEventSlim();
            using var e = new SocketAsyncEventArgs(isSuppressed);
            int seen = -1, thread = 0;
            bool isPool = false;
            e.SetBuffer(new byte[1], 0, 1);
            e.Completed += (_, _) =>
            {
                (seen, thread) = (ambient.Value, Environment.CurrentManagedThreadId);
                isPool = Thread.CurrentThread.IsThreadPoolThread;
                over.Set();
            };
            ambient.Value = 42;
            Check.True(client.ReceiveAsync(e), "nothing has come");
            server.Send([1]);
            Check.True(over.Wait(Op.Patience), "hook");
            Check.True(thread != Environment.CurrentManagedThreadId, "another thread");
            Check.Equal(isSuppressed ? 0 : 42, seen, "ambient value");
            Check.Note("the hook runs on a thread of the pool", isPool);
        }
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(37)]
    internal static void NothingIsKeptAfterTheHook()
    {
        var (client, server) = Make.TcpPair();
        using var op = new Op(1);
        WeakReference ambient = ReceiveWithAmbient(client, server, op);
        Check.Soon(() =>
        {
            GC.Collect();
            return !ambient.IsAlive;
        }, "the ambient value is kept");
        client.Dispose();
        server.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference ReceiveWithAmbient(Socket client, Socket server, Op op)
    {
        WeakReference result = null!;
        var thread = new Thread(() =>
        {
            var ambient = new AsyncLocal<object> { Value = new object() };
            result = new WeakReference(ambient.Value);
            op.Begin(client.ReceiveAsync);
            server.Send([1]);
            op.End();
        });
        thread.Start();
        thread.Join();
        return result;
    }

    [Behaviour(38)]
    internal static void WhatIsDroppedIsReclaimed()
    {
        List<WeakReference> dropped = Drop();
        Check.Soon(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return dropped.TrueForAll(one => !one.IsAlive);
        }, "dropped contexts are kept");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Drop()
    {
        var dropped = new List<WeakReference>();
        using Socket listener = Make.Listener();
        for (int index = 0; index < 5; index++)
        {
            dropped.Add(new WeakReference(new SocketAsyncEventArgs()));
            var op = new Op();
            using Socket client = Make.Tcp();
            op.To(listener.LocalEndPoint).Must(client.ConnectAsync);
            dropped.Add(new WeakReference(op));
        }
        return dropped;
    }

    /// <summary>One context for a session: accept, then receives and sends by turns.</summary>
    private sealed class Session
    {
        internal readonly ManualResetEventSlim Over = new();
        internal string? Failure;
        private readonly Socket listener;
        private readonly SocketAsyncEventArgs op = new();
        private Socket? connection;

        internal Session(Socket listener)
        {
            this.listener = listener;
            op.Completed += (_, _) => GoOn();
            if (!listener.AcceptAsync(op))
                GoOn();
        }

        private void GoOn()
        {
            bool isPending = false;
            while (!isPending && !Over.IsSet)
                isPending = Next();
        }

        private bool Next()
        {
            if (op.SocketError != SocketError.Success)
                Failure = $"{op.LastOperation}: {op.SocketError}";
            else if (op.LastOperation == SocketAsyncOperation.Accept)
            {
                connection = op.AcceptSocket;
                op.SetBuffer(new byte[1], 0, 1);
                return connection!.ReceiveAsync(op);
            }
            else if (op.LastOperation == SocketAsyncOperation.Send)
                return op.BytesTransferred == 1 ? connection!.ReceiveAsync(op) : End("a short send");
            else if (op.BytesTransferred > 0)
                return connection!.SendAsync(op);
            return End(Failure);
        }

        private bool End(string? failure)
        {
            Failure = failure;
            op.Dispose();
            connection?.Shutdown(SocketShutdown.Both);
            connection?.Dispose();
            Over.Set();
            return false;
        }
    }

    [Behaviour(39, 40, 41)]
    internal static void OneContextForASession()
    {
        using Socket listener = Make.Listener();
        var session = new Session(listener);
        using Socket client = Make.Tcp();
        client.Connect(listener.LocalEndPoint!);
        for (byte round = 0; round < 32; round++)
        {
            client.Send([round]);
            Check.Equal(round, Make.Take(client, 1)[0], "echo");
        }
        client.Shutdown(SocketShutdown.Send);
        Check.Equal(0, client.Receive(new byte[1]), "the end");
        Check.True(session.Over.Wait(Op.Patience), "the session ends");
        Check.Equal(null, session.Failure, "the session");
        client.Shutdown(SocketShutdown.Both);
    }
}
