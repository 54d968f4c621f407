// SocketCore.cs - a descriptor, who uses it, and its handle in a loop once it has one.
//
// Happy path:  ordinary calls enter and leave -> the first asynchronous one gives the descriptor to
//              an engine's loop, on its thread -> close, there, when nobody is inside any more.
// Failures:    entered after the close: ObjectDisposedException. A socket that nobody closed is
//              closed by the garbage collector.
using System;
using System.IO;
using System.Net.Sockets;
using System.Threading;

namespace Pendio.Sockets;

internal sealed unsafe class SocketCore : Work
{
    private const int Closed = int.MinValue;

    internal readonly int Descriptor;
    internal readonly int Family;
    internal readonly bool IsStream;
    internal volatile bool IsConnected, IsListening, IsBound, IsDisconnected;
    internal volatile bool TellsDestinations;
    internal bool IsDualMode;
    internal bool IsAbortive;
    internal string? BoundFile; // goes with the socket
    internal int UnderWay; // of the engine's thread
    private Engine? engine;
    private ulong handle;
    private int users;
    private bool isGone;

    internal SocketCore(int descriptor, int family, bool isStream)
    {
        Descriptor = descriptor;
        Family = family;
        IsStream = isStream;
    }

    ~SocketCore() => Close();

    internal bool IsClosed => Volatile.Read(ref users) < 0;

    internal Engine? Home => engine;

    /// <summary>The engine of this socket from now on: the one proposed, if it has none yet.</summary>
    internal Engine Settle(Engine? proposed = null) =>
        engine ?? Interlocked.CompareExchange(ref engine, proposed ?? Engine.Choose(), null) ?? engine;

    internal bool TryEnter() => TryEnter(0, out _);

    private bool TryEnter(int mark, out int others)
    {
        others = Volatile.Read(ref users);
        while (others >= 0)
        {
            int before = Interlocked.CompareExchange(ref users, (others + 1) | mark, others);
            if (before == others)
                return true;
            others = before;
        }
        return false;
    }

    internal void Enter()
    {
        if (!TryEnter())
            throw new ObjectDisposedException(typeof(Socket).FullName);
    }

    internal void Leave()
    {
        if (Interlocked.Decrement(ref users) == Closed)
            Finish();
    }

    /// <summary>Any thread: nobody enters any more; who is inside is woken.</summary>
    internal void Close()
    {
        if (!TryEnter(Closed, out int others))
            return;
        GC.SuppressFinalize(this);
        RemoveFile();
        // A listener must not take connections any more when this returns.
        if (others > 0 || IsListening)
            _ = Libc.shutdown(Descriptor, 2);
        Leave(); // until here the descriptor was nobody else's
    }

    private void RemoveFile()
    {
        try
        {
            if (BoundFile != null)
                File.Delete(BoundFile);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // somebody else's by now, or gone
        }
    }

    private void Finish()
    {
        Engine? home = engine;
        if (home == null)
            CloseDescriptor();
        else if (home.IsMine)
            Run(home);
        else
            home.HandOver(this);
    }

    /// <summary>The engine's thread. .NET resets a connection whose operations it cuts off.</summary>
    internal override void Run(Engine engine)
    {
        isGone = true;
        if (handle == 0)
            CloseDescriptor();
        else
            Native.pendio_handle_close(engine.Loop, handle, UnderWay > 0 || IsAbortive
                                           ? (uint)Native.PENDIO_ABORTIVE
                                           : (uint)Native.PENDIO_GRACEFUL);
        engine.Count(1);
    }

    private void CloseDescriptor()
    {
        if (IsAbortive)
        {
            var linger = new Libc.Linger { OnOff = 1 };
            _ = Libc.setsockopt(Descriptor, Libc.SOL_SOCKET, Libc.SO_LINGER, &linger, 8);
        }
        _ = Libc.close(Descriptor);
    }

    /// <summary>Most errors of a connection end it.</summary>
    internal void Learn(SocketError error)
    {
        if (error is not (SocketError.WouldBlock or SocketError.IOPending or SocketError.TimedOut
            or SocketError.NoBufferSpaceAvailable or SocketError.OperationAborted))
            IsConnected = false;
    }

    /// <summary>The engine's thread: the handle, or -errno.</summary>
    internal int Adopt(Engine engine, out ulong result)
    {
        ulong made;
        result = handle;
        if (isGone)
            return -Errors.ECANCELED;
        if (result != 0)
            return 0;
        int status = Native.pendio_handle_adopt(engine.Loop, Descriptor, &made);
        if (status < 0)
            return status;
        result = handle = made;
        // Ordinary calls read the same descriptor, so nothing may be received ahead of them.
        if (IsStream && !IsListening)
            Native.pendio_handle_set_receive(engine.Loop, made, Native.PENDIO_RECEIVE_SINGLE);
        return 0;
    }

    /// <summary>The engine's thread: a new connection as a socket of its own.</summary>
    internal static SocketCore? Take(Engine engine, ulong connection, int family)
    {
        int descriptor;
        if (Native.pendio_handle_detach(engine.Loop, connection, &descriptor) < 0)
        {
            Native.pendio_handle_close(engine.Loop, connection, Native.PENDIO_ABORTIVE);
            return null;
        }
        return new SocketCore(descriptor, family, isStream: true)
        {
            IsConnected = true,
            IsBound = true,
        };
    }
}
