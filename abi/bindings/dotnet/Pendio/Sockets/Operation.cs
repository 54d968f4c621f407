// Operation.cs - the half of a SocketAsyncEventArgs that works: its context, and what is under way.
//
// Happy path:  Start: on the engine's thread it launches at once and may be done; on any other it is
//              handed over and pending -> Launch: memory, then the start call -> End: the record
//              becomes results, and Completed is raised.
// Failures:    a refusal ends the operation with the error it means, by Completed where the answer
//              was pending already.
using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace Pendio.Sockets;

internal sealed unsafe partial class Operation : Work
{
    private static readonly ContextCallback raise =
        static state => ((Operation)state!).args.Raise();

    internal uint Number; // of starts, so that a cancel finds its own
    internal SocketAsyncOperation Kind;
    internal Socket? Socket;     // whom Completed is raised for
    internal SocketCore? Core;   // where it works; null: a connect that makes its own socket
    internal Socket? Target;     // of an accept, prepared
    internal pendio_endpoint Address;
    internal bool FlowsContext;

    private readonly SocketAsyncEventArgs args;
    private Engine? home;
    private nint context;
    private int place;
    private Pin pin;
    private Pieces pieces;
    private byte* memory, lastMemory;
    private nuint lastBytes;
    private bool lastWasVector;
    private uint lastFlags;
    private Engine? launcher;
    private ExecutionContext? captured;
    private pendio_endpoint sender;
    private EndPoint? senderMade;

    internal Operation(SocketAsyncEventArgs args) => this.args = args;

    /// <summary>Of one that is not under way: what it has is given back where it belongs.</summary>
    internal void Forget()
    {
        pin.Release();
        pieces.Free();
        FreeName();
        Engine? engine = home;
        home = null;
        if (engine == null)
            return;
        var ticket = new Return(place);
        if (engine.IsMine)
            ticket.Run(engine);
        else
            engine.HandOver(ticket);
    }

    /// <summary>Whether it is pending; else the results are there.</summary>
    internal bool Start(Engine engine)
    {
        HoldMemory();
        if (FlowsContext)
            captured = ExecutionContext.Capture();
        launcher = engine;
        if (!engine.IsMine)
        {
            engine.HandOver(this);
            return true;
        }
        bool isPending = Launch(engine);
        if (!isPending)
            captured = null;
        return isPending;
    }

    /// <summary>By the thread that starts, for memory managers may refuse.</summary>
    private void HoldMemory()
    {
        if (Kind == SocketAsyncOperation.SendPackets)
            HoldPackets(Packets!);
        else if (args.HasList)
            pieces.Hold(args.Segments);
        else
            memory = pin.Hold(args.MemoryBuffer) + args.Offset;
    }

    internal override void Run(Engine engine)
    {
        if (!Launch(engine))
            Raise();
    }

    private bool Launch(Engine engine)
    {
        int answer = TryLaunch(engine);
        if (answer == Native.PENDIO_PENDING)
        {
            engine.Expect(place, this);
            if (Core != null)
                Core.UnderWay++;
            return true;
        }
        if (answer < 0)
        {
            Settle(engine, answer);
            return false;
        }
        pendio_completion result;
        Native.pendio_context_result(context, &result);
        engine.Count(1);
        Settle(engine, in result);
        return false;
    }

    /// <summary>The engine's thread: a pending one is over.</summary>
    internal void End(in pendio_completion record)
    {
        if (Core != null)
            Core.UnderWay--;
        Settle(home!, in record);
        Raise();
    }

    private void Raise()
    {
        ExecutionContext? flow = captured;
        captured = null;
        if (flow != null)
        {
            ExecutionContext.Run(flow, raise, this);
            return;
        }
        Engine? engine = launcher;
        args.Raise();
        engine!.Clean();
    }

    /// <summary>Closes the socket that connects; one that is yet to be made is cancelled.</summary>
    internal void CancelConnect(uint number)
    {
        if (number != Volatile.Read(ref Number))
            return;
        if (Socket != null)
            Socket.Dispose();
        else if (launcher is Engine engine)
            engine.HandOver(new Wish(this, number));
    }

    /// <summary>Of one that has been started, by who knows that it is not started again.</summary>
    internal void Cancel() => launcher!.HandOver(new Wish(this, Number));

    private int TryLaunch(Engine engine)
    {
        ulong handle = 0;
        if (home != engine && !Attach(engine))
            return -Errors.ENOBUFS;
        int status = Core == null ? 0 : Core.Adopt(engine, out handle);
        if (status < 0)
            return status;
        engine.Count(1);
        if ((args.SocketFlags & SocketFlags.OutOfBand) != 0)
            return -Errors.EOPNOTSUPP;
        switch (Kind)
        {
        case SocketAsyncOperation.Receive:
            status = SetMemory(engine, ReceiveFlags());
            return status < 0 ? status : Native.pendio_receive(context, handle);
        case SocketAsyncOperation.Send:
            status = SetMemory(engine, 0);
            return status < 0 ? status : Native.pendio_send(context, handle);
        case SocketAsyncOperation.ReceiveFrom:
            status = SetMemory(engine, ReceiveFlags());
            return status < 0 ? status : Native.pendio_receive_from(context, handle);
        case SocketAsyncOperation.ReceiveMessageFrom:
            status = SetMemory(engine, ReceiveFlags());
            return status < 0 ? status : Native.pendio_receive_message(context, handle);
        case SocketAsyncOperation.SendTo:
            status = SetMemory(engine, 0);
            SetAddress(engine);
            return status < 0 ? status : Native.pendio_send_to(context, handle);
        case SocketAsyncOperation.Accept:
            return LaunchAccept(engine, handle);
        case SocketAsyncOperation.Connect:
            return LaunchConnect(engine, handle);
        case SocketAsyncOperation.Disconnect:
            return Native.pendio_disconnect(context, handle, args.DisconnectReuseSocket
                                                ? (uint)Native.PENDIO_REUSE : 0);
        case SocketAsyncOperation.SendPackets:
            return LaunchPackets(engine, handle);
        default:
            return -Errors.EINVAL;
        }
    }

    /// <summary>The context stays until another engine needs one, or Dispose.</summary>
    private bool Attach(Engine engine)
    {
        if (home != null)
            home.HandOver(new Return(place));
        home = engine.TakeContext(out place, out context) ? engine : null;
        lastMemory = null;
        lastBytes = 0;
        lastFlags = 0;
        lastWasVector = true; // as it was left by somebody else: set anew
        if (home != null)
            Native.pendio_context_set_flags(context, 0);
        return home != null;
    }

    private uint ReceiveFlags() =>
        (args.SocketFlags & SocketFlags.Peek) != 0 ? (uint)Native.PENDIO_PEEK : 0;

    private int SetMemory(Engine engine, uint flags)
    {
        if (flags != lastFlags)
        {
            Native.pendio_context_set_flags(context, flags);
            lastFlags = flags;
            engine.Count(1);
        }
        if (args.HasList)
        {
            lastWasVector = true;
            engine.Count(1);
            return Native.pendio_context_set_pieces(context, pieces.Vector,
                                                    (uint)args.Segments.Length);
        }
        var byteCount = (nuint)args.Count;
        byte* wanted = byteCount == 0 ? null : memory;
        if (wanted == lastMemory && byteCount == lastBytes && !lastWasVector)
            return 0;
        lastMemory = wanted;
        lastBytes = byteCount;
        lastWasVector = false;
        engine.Count(1);
        return Native.pendio_context_set_memory(context, wanted, byteCount);
    }

    private void SetAddress(Engine engine)
    {
        fixed (pendio_endpoint* address = &Address)
            Native.pendio_context_set_endpoint(context, address->address, address->byte_count);
        engine.Count(1);
    }

    /// <summary>A refusal, as a result.</summary>
    private void Settle(Engine engine, int refusal)
    {
        var record = new pendio_completion { error = refusal };
        Settle(engine, in record);
    }

    private void Settle(Engine engine, in pendio_completion record)
    {
        SocketError error = Translate(in record);
        SocketFlags flags = (record.flags & Native.PENDIO_TRUNCATED) != 0
            ? SocketFlags.Truncated : SocketFlags.None;
        args.SetResults(error, (int)Math.Min(record.bytes, int.MaxValue), flags);
        switch (Kind)
        {
        case SocketAsyncOperation.Accept:
            SettleAccept(engine, record.value, error);
            break;
        case SocketAsyncOperation.Connect:
            SettleConnect(engine, record.value, error);
            break;
        case SocketAsyncOperation.Disconnect:
            SettleDisconnect(error);
            break;
        case SocketAsyncOperation.ReceiveFrom when error == SocketError.Success:
            SettleSender(engine);
            break;
        case SocketAsyncOperation.ReceiveMessageFrom when error == SocketError.Success:
            SettleMessage(engine);
            break;
        case SocketAsyncOperation.SendPackets:
            SettlePackets(error);
            break;
        }
        if (error != SocketError.Success)
            Core?.Learn(error);
        args.Free();
    }

    private SocketError Translate(in pendio_completion record)
    {
        if (record.error == 0)
            return SocketError.Success;
        if (Core != null && Core.IsClosed && record.run == 0)
            return SocketError.OperationAborted;
        if (Core != null && Core.IsClosed && Kind == SocketAsyncOperation.Accept)
            return SocketError.OperationAborted;
        if (record.run == 0)
            return Errors.OfRefusal(-record.error);
        return name != null ? Errors.OfName(-record.error) : Errors.ToSocketError(-record.error);
    }

    /// <summary>A wish for the end of an operation, on its way to the engine.</summary>
    private sealed class Wish : Work
    {
        private readonly Operation operation;
        private readonly uint number;

        internal Wish(Operation operation, uint number)
        {
            this.operation = operation;
            this.number = number;
        }

        internal override void Run(Engine engine)
        {
            if (operation.Number == number && operation.home == engine)
                _ = Native.pendio_cancel(engine.Loop, Native.pendio_context_run(operation.context));
        }
    }

    /// <summary>A context on its way back to an engine.</summary>
    private sealed class Return : Work
    {
        private readonly int place;

        internal Return(int place) => this.place = place;

        internal override void Run(Engine engine) => engine.PutContext(place);
    }
}
