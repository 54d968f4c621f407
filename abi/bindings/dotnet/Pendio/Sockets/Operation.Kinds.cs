// Operation.Kinds.cs - what is particular to accept, connect, disconnect, messages and packets.
using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pendio.Sockets;

internal sealed unsafe partial class Operation
{
    internal string? HostName;   // of a connect by name
    internal ushort Port;
    internal SafeFileHandle?[]? Files; // of packets: those opened for it, by their places
    internal SendPacketsElement[]? Packets;
    internal uint PacketFlags;

    private byte* name; // as C has it, while it is under way
    private System.Buffers.MemoryHandle[] packetPins = [];
    private ulong[] packetHandles = [];

    private int LaunchAccept(Engine engine, ulong listener)
    {
        ulong into = 0;
        int status = Target == null ? 0 : AdoptTarget(engine, Target.Core, out into);
        return status < 0 ? status : Native.pendio_accept(context, listener, into);
    }

    private static int AdoptTarget(Engine engine, SocketCore target, out ulong into)
    {
        into = 0;
        if (!target.TryEnter())
            return -Errors.ECANCELED;
        int status = target.Settle(engine) == engine
            ? target.Adopt(engine, out into)
            : -Errors.EINVAL; // it works on another engine
        target.Leave();
        return status;
    }

    private void SettleAccept(Engine engine, ulong connection, SocketError error)
    {
        Socket? target = Target;
        Target = null;
        if (error != SocketError.Success)
        {
            args.SetAccepted(null);
            return;
        }
        if (target != null)
        {
            target.Core.IsConnected = target.Core.IsBound = true;
            args.SetAccepted(target);
            return;
        }
        SocketCore? core = SocketCore.Take(engine, connection, Core!.Family);
        engine.Count(1);
        args.SetAccepted(core == null ? null : Socket!.MakeAccepted(core));
        if (core == null)
            args.SetResults(SocketError.ConnectionAborted, 0, SocketFlags.None);
    }

    private int LaunchConnect(Engine engine, ulong handle)
    {
        uint flags = args.Count > 0 ? (uint)Native.PENDIO_FIRST_DATA : 0;
        int status = SetMemory(engine, flags);
        if (status < 0)
            return status;
        if (HostName == null)
        {
            SetAddress(engine);
            return Native.pendio_connect(context, handle);
        }
        name = Native.CopyText(HostName);
        return Native.pendio_connect_name(context, handle, name, Port);
    }

    private void SettleConnect(Engine engine, ulong connection, SocketError error)
    {
        bool wasByName = name != null;
        FreeName();
        if (connection != 0 && Core == null)
        {
            SocketCore? core = SocketCore.Take(engine, connection, Libc.AF_UNSPEC);
            Socket = core == null ? null : Socket.MakeConnected(core);
        }
        if (error == SocketError.Success && Core != null)
        {
            Core.IsConnected = Core.IsBound = true;
            Core.IsDisconnected = false;
        }
        args.SetConnected(error == SocketError.Success ? Socket : null,
                          wasByName && error != SocketError.Success
                              ? new SocketException((int)error) : null);
        if (error != SocketError.Success && args.OwnsSocket)
            Socket?.Dispose();
    }

    private void FreeName()
    {
        NativeMemory.Free(name);
        name = null;
    }

    private void SettleDisconnect(SocketError error)
    {
        if (error != SocketError.Success)
            return;
        Core!.IsConnected = false;
        Core.IsDisconnected = true;
        if (args.DisconnectReuseSocket)
        {
            Core.IsDisconnected = false;
            Core.IsBound = false;
        }
    }

    /// <summary>The endpoint is made anew only when another one has sent.</summary>
    private void SettleSender(Engine engine)
    {
        pendio_endpoint found;
        Native.pendio_context_sender(context, &found);
        engine.Count(1);
        TellSender(in found);
    }

    private void TellSender(in pendio_endpoint found)
    {
        if (found.byte_count == 0 || (args.RemoteEndPoint == senderMade && IsStill(senderMade, in found)))
            return;
        sender = found;
        senderMade = Addresses.Read(in found);
        args.RemoteEndPoint = senderMade;
    }

    /// <summary>Programs may change the endpoint that was made for them.</summary>
    private bool IsStill(EndPoint? made, in pendio_endpoint found)
    {
        if (made is not IPEndPoint ip)
            return IsSame(in found, in sender);
        Addresses.Write(ip, asIp6: false, out pendio_endpoint now);
        return IsSame(in found, in now);
    }

    private static bool IsSame(in pendio_endpoint one, in pendio_endpoint other)
    {
        fixed (byte* first = one.address, second = other.address)
            return new ReadOnlySpan<byte>(first, (int)one.byte_count).SequenceEqual(
                new ReadOnlySpan<byte>(second, (int)other.byte_count));
    }

    private void SettleMessage(Engine engine)
    {
        var message = new pendio_message { size = (uint)sizeof(pendio_message) };
        Native.pendio_context_message(context, &message);
        engine.Count(1);
        TellSender(in message.sender);
        args.SetPacketInformation(Addresses.Read(in message.destination) is IPEndPoint to
            ? new IPPacketInformation(to.Address, (int)message.interface_index)
            : default);
    }

    private void HoldPackets(SendPacketsElement?[] elements)
    {
        packetPins = new System.Buffers.MemoryHandle[elements.Length];
        for (int index = 0; index < elements.Length; index++)
            if (elements[index]?.MemoryBuffer is ReadOnlyMemory<byte> memory)
                packetPins[index] = memory.Pin();
    }

    private int LaunchPackets(Engine engine, ulong handle)
    {
        SendPacketsElement?[] elements = Packets!;
        var packets = new pendio_packet[elements.Length];
        packetHandles = new ulong[elements.Length];
        for (int index = 0; index < elements.Length; index++)
        {
            if (elements[index] is not SendPacketsElement element)
                continue;
            packets[index].offset = (ulong)element.OffsetLong;
            packets[index].byte_count = (ulong)element.Count;
            if (element.MemoryBuffer is ReadOnlyMemory<byte> memory)
            {
                packets[index].offset = 0;
                packets[index].byte_count = (ulong)memory.Length;
                packets[index].memory =
                    memory.Length == 0 ? null : packetPins[index].Pointer;
                continue;
            }
            int status = AdoptFile(engine, index);
            if (status < 0)
                return status;
            packets[index].file = packetHandles[index];
        }
        fixed (pendio_packet* first = packets)
            return Native.pendio_send_packets(context, handle, first, (uint)packets.Length,
                                              PacketFlags);
    }

    /// <summary>The loop gets a descriptor of its own, for as long as the packets go.</summary>
    private int AdoptFile(Engine engine, int index)
    {
        ulong made;
        int descriptor = Duplicate(Files![index]!);
        if (descriptor < 0)
            return descriptor;
        int status = Native.pendio_handle_adopt(engine.Loop, descriptor, &made);
        if (status < 0)
            _ = Libc.close(descriptor);
        else
            packetHandles[index] = made;
        return status;
    }

    /// <summary>Or -errno: the program may have closed it since the start.</summary>
    private static int Duplicate(SafeFileHandle file)
    {
        bool isHeld = false;
        try
        {
            file.DangerousAddRef(ref isHeld);
            int made = Libc.fcntl((int)file.DangerousGetHandle(), Libc.F_DUPFD_CLOEXEC, 0);
            return made < 0 ? -Libc.LastError : made;
        }
        catch (ObjectDisposedException)
        {
            return -Errors.EBADF;
        }
        finally
        {
            if (isHeld)
                file.DangerousRelease();
        }
    }

    private void SettlePackets(SocketError error)
    {
        ReleasePackets();
        if (error != SocketError.Success || PacketFlags == 0)
            return;
        Core!.IsConnected = false;
        Core.IsDisconnected = (PacketFlags & Native.PENDIO_THEN_REUSE) == 0;
        Core.IsBound = Core.IsDisconnected;
    }

    internal void ReleasePackets()
    {
        foreach (ulong file in packetHandles)
            if (file != 0)
                Native.pendio_handle_close(home!.Loop, file, Native.PENDIO_GRACEFUL);
        foreach (ref System.Buffers.MemoryHandle pinned in packetPins.AsSpan())
            pinned.Dispose();
        CloseFiles();
        Packets = null;
        packetHandles = [];
        packetPins = [];
    }

    /// <summary>Those that were opened for this operation; the caller's own stay open.</summary>
    private void CloseFiles()
    {
        for (int index = 0; Files != null && index < Files.Length; index++)
            if (Packets![index]?.FileStream == null)
                Files[index]?.Dispose();
        Files = null;
    }
}
