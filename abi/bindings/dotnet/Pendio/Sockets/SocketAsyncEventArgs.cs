// SocketAsyncEventArgs.cs - a reusable operation with the members of System.Net.Sockets' type.
//
// Happy path:  a buffer and whatever else is set -> a start of Socket: pending, or done -> results,
//              and Completed where it was pending.
// Failures:    set or started while in use: InvalidOperationException; after Dispose:
//              ObjectDisposedException. Dispose while in use takes effect when the operation ends.
using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;

namespace Pendio.Sockets;

/// <summary>A reusable asynchronous socket operation.</summary>
public class SocketAsyncEventArgs : EventArgs, IDisposable
{
    private const int IsFree = 0, IsInUse = 1, IsBeingSet = 2, IsDisposed = 3;

    private readonly Operation operation;
    private int state;
    private volatile bool disposeWasCalled;
    private Memory<byte> memory;
    private int offset, count;
    private bool isExplicitArray;
    private IList<ArraySegment<byte>>? list;
    private ArraySegment<byte>[] segments = [];
    private int segmentCount;
    private SendPacketsElement[]? packets;

    /// <summary>One that runs Completed in the execution context of its start.</summary>
    public SocketAsyncEventArgs() : this(unsafeSuppressExecutionContext: false)
    {
    }

    /// <summary>One that may leave execution contexts alone, which is cheaper.</summary>
    public SocketAsyncEventArgs(bool unsafeSuppressExecutionContext)
    {
        operation = new Operation(this) { FlowsContext = !unsafeSuppressExecutionContext };
    }

    /// <summary>Gives the context back.</summary>
    ~SocketAsyncEventArgs() => operation?.Forget();

    /// <summary>Raised on the engine's thread when an operation that was pending is over.</summary>
    public event EventHandler<SocketAsyncEventArgs>? Completed;

    /// <summary>The connection, or before an accept a socket prepared for it.</summary>
    public Socket? AcceptSocket { get; set; }

    /// <summary>The socket that a connect has connected.</summary>
    public Socket? ConnectSocket { get; private set; }

    /// <summary>The array set last, if it was one.</summary>
    public byte[]? Buffer =>
        isExplicitArray && MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> array)
            ? array.Array : null;

    /// <summary>The memory set last, all of it.</summary>
    public Memory<byte> MemoryBuffer => memory;

    /// <summary>Where the window begins.</summary>
    public int Offset => offset;

    /// <summary>The bytes of the window.</summary>
    public int Count => count;

    /// <summary>Several pieces instead of one buffer.</summary>
    public IList<ArraySegment<byte>>? BufferList
    {
        get => list;
        set
        {
            BeginSetting();
            try
            {
                SetList(value);
            }
            finally
            {
                Free();
            }
        }
    }

    /// <summary>Bytes moved by the last operation.</summary>
    public int BytesTransferred { get; private set; }

    /// <summary>Why a connect by name failed.</summary>
    public Exception? ConnectByNameError { get; private set; }

    /// <summary>Whether a disconnect leaves the socket fit for another connection.</summary>
    public bool DisconnectReuseSocket { get; set; }

    /// <summary>The operation started last.</summary>
    public SocketAsyncOperation LastOperation { get; private set; }

    /// <summary>Where a datagram went, of ReceiveMessageFromAsync.</summary>
    public IPPacketInformation ReceiveMessageFromPacketInfo { get; private set; }

    /// <summary>Whom to connect or send to; after a receive, who sent.</summary>
    public EndPoint? RemoteEndPoint { get; set; }

    /// <summary>What SendPacketsAsync sends.</summary>
    public SendPacketsElement[]? SendPacketsElements
    {
        get => packets;
        set
        {
            BeginSetting();
            packets = value;
            Free();
        }
    }

    /// <summary>What happens when all packets have gone.</summary>
    public TransmitFileOptions SendPacketsFlags { get; set; }

    /// <summary>Kept, and of no effect: the kernel chooses its blocks.</summary>
    public int SendPacketsSendSize { get; set; }

    /// <summary>How the last operation ended.</summary>
    public SocketError SocketError { get; set; }

    /// <summary>How to receive or send; after the operation, what came with the result.</summary>
    public SocketFlags SocketFlags { get; set; }

    /// <summary>Whatever the program likes.</summary>
    public object? UserToken { get; set; }

    internal Operation Operation => operation;

    internal bool HasList => list != null;

    internal bool OwnsSocket { get; private set; }

    internal ReadOnlySpan<ArraySegment<byte>> Segments => segments.AsSpan(0, segmentCount);

    /// <summary>Another window of the memory set last.</summary>
    public void SetBuffer(int offset, int count)
    {
        BeginSetting();
        try
        {
            if (memory.Equals(default))
                return;
            CheckWindow(memory.Length, offset, count);
            this.offset = offset;
            this.count = count;
        }
        finally
        {
            Free();
        }
    }

    /// <summary>An array and a window of it; null removes it.</summary>
    public void SetBuffer(byte[]? buffer, int offset, int count)
    {
        BeginSetting();
        try
        {
            if (buffer == null)
            {
                SetMemory(default, 0, 0, isArray: false);
                return;
            }
            if (list != null)
                throw new ArgumentException(Ambiguous(nameof(BufferList)), nameof(buffer));
            CheckWindow(buffer.Length, offset, count);
            SetMemory(buffer, offset, count, isArray: true);
        }
        finally
        {
            Free();
        }
    }

    /// <summary>Memory, all of it.</summary>
    public void SetBuffer(Memory<byte> buffer)
    {
        BeginSetting();
        try
        {
            if (buffer.Length != 0 && list != null)
                throw new ArgumentException(Ambiguous(nameof(BufferList)), nameof(buffer));
            SetMemory(buffer, 0, buffer.Length, isArray: false);
        }
        finally
        {
            Free();
        }
    }

    /// <summary>Never again; at once, or when the operation under way has ended.</summary>
    public void Dispose()
    {
        disposeWasCalled = true;
        if (!TryEnd() && Volatile.Read(ref state) != IsDisposed)
        {
            // Free() writes one and reads the other without a barrier of its own.
            Interlocked.MemoryBarrierProcessWide();
            TryEnd();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Raises Completed.</summary>
    protected virtual void OnCompleted(SocketAsyncEventArgs e) =>
        Completed?.Invoke(e.operation.Socket, e);

    internal void Raise() => OnCompleted(this);

    /// <summary>In use from now on; throws where it may not be.</summary>
    internal void BeginOperation(SocketAsyncOperation kind, Socket? socket, SocketCore? core,
                                 bool ownsSocket = false)
    {
        int before = Interlocked.CompareExchange(ref state, IsInUse, IsFree);
        if (before != IsFree)
            ThrowBecause(before);
        LastOperation = kind;
        Volatile.Write(ref operation.Number, operation.Number + 1);
        operation.Kind = kind;
        operation.Socket = socket;
        operation.Core = core;
        operation.HostName = null;
        OwnsSocket = ownsSocket;
    }

    /// <summary>Free again. What was to be disposed meanwhile is, now.</summary>
    internal void Free()
    {
        Volatile.Write(ref state, IsFree);
        if (disposeWasCalled)
            TryEnd();
    }

    internal void SetResults(SocketError error, int bytesTransferred, SocketFlags flags)
    {
        SocketError = error;
        BytesTransferred = bytesTransferred;
        SocketFlags = flags;
    }

    internal void CancelConnect()
    {
        uint number = Volatile.Read(ref operation.Number);
        if (Volatile.Read(ref state) == IsInUse && LastOperation == SocketAsyncOperation.Connect)
            operation.CancelConnect(number);
    }

    internal void SetAccepted(Socket? accepted) => AcceptSocket = accepted;

    internal void SetConnected(Socket? connected, Exception? nameError)
    {
        ConnectSocket = connected;
        ConnectByNameError = nameError;
    }

    internal void SetPacketInformation(IPPacketInformation information) =>
        ReceiveMessageFromPacketInfo = information;

    private void BeginSetting()
    {
        int before = Interlocked.CompareExchange(ref state, IsBeingSet, IsFree);
        if (before != IsFree)
            ThrowBecause(before);
    }

    private void ThrowBecause(int before)
    {
        if (before == IsDisposed)
            throw new ObjectDisposedException(GetType().FullName);
        throw new InvalidOperationException(
            "An asynchronous socket operation is already in progress using this " +
            "SocketAsyncEventArgs instance.");
    }

    private bool TryEnd()
    {
        if (Interlocked.CompareExchange(ref state, IsDisposed, IsFree) != IsFree)
            return false;
        operation.Forget();
        GC.SuppressFinalize(this);
        return true;
    }

    private void SetMemory(Memory<byte> memory, int offset, int count, bool isArray)
    {
        this.memory = memory;
        this.offset = offset;
        this.count = count;
        isExplicitArray = isArray;
    }

    private void SetList(IList<ArraySegment<byte>>? value)
    {
        if (value != null && !memory.Equals(default))
            throw new ArgumentException(Ambiguous(nameof(Buffer)), nameof(value));
        int wanted = value?.Count ?? 0;
        for (int index = 0; index < wanted; index++) // all, before anything changes
        {
            ArraySegment<byte> segment = value![index];
            ArgumentNullException.ThrowIfNull(segment.Array, nameof(segment));
            CheckWindow(segment.Array.Length, segment.Offset, segment.Count);
        }
        if (segments.Length < wanted)
            segments = new ArraySegment<byte>[wanted];
        for (int index = 0; index < wanted; index++)
            segments[index] = value![index];
        segmentCount = wanted;
        list = value;
    }

    private static void CheckWindow(int length, int offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, (uint)length, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(length - offset),
                                                       nameof(count));
    }

    private static string Ambiguous(string property) =>
        $"Buffer and BufferList properties cannot both be non-null: '{property}' is set.";
}
