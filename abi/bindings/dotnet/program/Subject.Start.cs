// Subject.Start.cs - handles and starts of the subject, and what its contexts show.
using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Pendio.Program;

internal sealed unsafe partial class Subject
{
    private const int CreateAndEmpty = 0x40 | 0x200, ReadWrite = 2, ShutWrite = 1;

    private static readonly string[] operations =
    [
        "none", "post", "nop", "timer", "accept", "connect", "receive", "send", "receive_from", "send_to", "open",
        "read", "write", "close", "fsync", "truncate", "stat", "rename", "unlink", "mkdir", "poll", "disconnect",
        "receive_message", "send_message", "send_packets", "splice", "child", "signal", "move",
    ];

    private ulong Handle => line.Number("handle");

    private uint Mode => line.Text("mode") == "abortive" ? (uint)Native.PENDIO_ABORTIVE : Native.PENDIO_GRACEFUL;

    [DllImport("libc")]
    private static extern byte* strerrorname_np(int error);

    private static string ErrorName(int status) => Marshal.PtrToStringUTF8((nint)strerrorname_np(-status))!;

    private bool DoHandle()
    {
        switch (line.Word)
        {
        case "socket":
            MakeSocket();
            return true;
        case "pipe":
            MakePipe();
            return true;
        case "local":
            TellLocal();
            return true;
        case "bind":
            byte[] address = ToBytes(line.Address("address"));
            fixed (byte* first = address)
                Answer(Native.pendio_handle_bind(loop, Handle, first, (uint)address.Length));
            return true;
        case "listen":
            Answer(Native.pendio_handle_listen(loop, Handle, (uint)line.Number("backlog")));
            return true;
        case "half_close":
            Answer(Native.pendio_handle_shutdown(loop, Handle, ShutWrite));
            return true;
        case "close_now":
            Answer(Native.pendio_handle_close(loop, Handle, Mode));
            return true;
        default:
            return false;
        }
    }

    private void MakeSocket()
    {
        ulong made;
        (int family, int type) = line.Text("family") switch
        {
            "tcp4" => (2, 1),
            "tcp6" => (10, 1),
            "udp4" => (2, 2),
            "udp6" => (10, 2),
            "unix_stream" => (1, 1),
            "unix_datagram" => (1, 2),
            "unix_seqpacket" => (1, 5),
            _ => (0, 0),
        };
        int status = Native.pendio_handle_socket(loop, family, type, 0, &made);
        if (status < 0)
            Answer(status);
        else
            line.Say("ok").Show("handle", made).NewLine();
    }

    [DllImport("libc")]
    private static extern int pipe2(int* ends, int flags);

    private void MakePipe()
    {
        const int closeOnExec = 0x80000;
        int* ends = stackalloc int[2];
        ulong* made = stackalloc ulong[2];
        int status = pipe2(ends, closeOnExec);
        for (int index = 0; index < 2 && status >= 0; index++)
            status = Native.pendio_handle_adopt(loop, ends[index], &made[index]);
        if (status < 0)
            Answer(status);
        else
            line.Say("ok").Show("read", made[0]).Show("write", made[1]).NewLine();
    }

    private void TellLocal()
    {
        pendio_endpoint local;
        int status = Native.pendio_handle_local(loop, Handle, &local);
        if (status < 0)
            Answer(status);
        else
            line.Say("ok").ShowAddress("address", ToEndPoint(in local)).NewLine();
    }

    private bool DoStart()
    {
        if (!line.Has("context"))
            return false;
        Context context = Named();
        int? answer = StartTransfer(context.Native) ?? StartFile(context) ?? StartOther(context.Native);
        if (answer is not int status)
            return false;
        pendio_completion was;
        if (status == Native.PENDIO_DONE && Native.pendio_context_result(context.Native, &was) == 0)
            Lend(context, in was);
        line.Say(status < 0 ? "refused" : status == Native.PENDIO_DONE ? "done" : "pending");
        if (status < 0)
            line.Show("error", ErrorName(status));
        Show(context);
        return true;
    }

    private int? StartTransfer(nint context) => line.Word switch
    {
        "accept" => Native.pendio_accept(context, Handle, line.Number("into")),
        "connect" => Native.pendio_connect(context, Handle),
        "disconnect" => Native.pendio_disconnect(context, Handle, (uint)line.Number("reuse")),
        "receive" => Native.pendio_receive(context, Handle),
        "receive_from" => Native.pendio_receive_from(context, Handle),
        "send" => Native.pendio_send(context, Handle),
        "send_to" => Native.pendio_send_to(context, Handle),
        "receive_message" => Native.pendio_receive_message(context, Handle),
        "send_message" => Native.pendio_send_message(context, Handle),
        "splice" => Native.pendio_splice(context, line.Number("from"), Offset("from_offset"), Handle, Offset(),
                                         line.Number("bytes")),
        _ => null,
    };

    private int? StartFile(Context context) => line.Word switch
    {
        "connect_name" => Native.pendio_connect_name(context.Native, Handle, Keep("host", ref context.Name),
                                                     (ushort)line.Number("port")),
        "open" => Native.pendio_open(context.Native, Keep("path", ref context.Name),
                                     ReadWrite | (line.Number("create") != 0 ? CreateAndEmpty : 0), 0x180),
        "read" => Native.pendio_read(context.Native, Handle, Offset()),
        "write" => Native.pendio_write(context.Native, Handle, Offset()),
        "fsync" => Native.pendio_fsync(context.Native, Handle, (uint)line.Number("data_only")),
        "truncate" => Native.pendio_truncate(context.Native, Handle, line.Number("size")),
        "stat" => Native.pendio_stat(context.Native, Handle, Keep("path", ref context.Name)),
        "rename" => Native.pendio_rename(context.Native, Keep("path", ref context.Name),
                                         Keep("target", ref context.Target)),
        "unlink" => Native.pendio_unlink(context.Native, Keep("path", ref context.Name),
                                         (uint)line.Number("directory")),
        "mkdir" => Native.pendio_mkdir(context.Native, Keep("path", ref context.Name), 0x1c0),
        _ => null,
    };

    private int? StartOther(nint context) => line.Word switch
    {
        "nop" => Native.pendio_nop(context, loop),
        "timer" => Native.pendio_timer(context, line.Number("after")),
        "poll" => Native.pendio_poll(context, Handle, (uint)line.Number("events")),
        "close" => Native.pendio_close(context, Handle, Mode),
        _ => null,
    };

    private ulong Offset(string key = "offset") =>
        line.Text(key) == "stream" ? Native.PENDIO_STREAMING : line.Number(key);

    /// <summary>A copy that stays until the context needs the next one; not for one in use.</summary>
    private byte* Keep(string key, ref nint place)
    {
        if (!line.Has(key))
            return null;
        if (Native.pendio_context_run(Named().Native) != 0)
            return (byte*)place;
        NativeMemory.Free((void*)place);
        place = (nint)Native.CopyText(line.Text(key));
        return (byte*)place;
    }

    /// <summary>Of what is lent, which is the library's memory, the shared one has a copy.</summary>
    private ulong OffsetOf(Context context, void* address)
    {
        ulong at = (ulong)((byte*)address - memory);
        return address == null ? 0 : at < memoryBytes ? at : context.Lent;
    }

    private void Lend(Context context, in pendio_completion record)
    {
        ulong room = lendBytes / Math.Max(contextRoom, 1);
        if ((record.flags & Native.PENDIO_LENT) != 0)
            Buffer.MemoryCopy((void*)record.memory, memory + context.Lent, room, Math.Min(record.bytes, room));
    }

    private void Show(Context context)
    {
        pendio_completion was;
        pendio_endpoint sender;
        var message = new pendio_message { size = (uint)sizeof(pendio_message) };
        var request = new pendio_request { size = (uint)sizeof(pendio_request) };
        Native.pendio_context_request(context.Native, &request);
        Native.pendio_context_result(context.Native, &was);
        Native.pendio_context_sender(context.Native, &sender);
        Native.pendio_context_message(context.Native, &message);
        if (message.sender.byte_count == 0)
            message.sender = sender;
        line.Say($" busy={Native.pendio_context_run(context.Native)}")
            .Show("set.policy", policies[request.policy]).ShowNames("set.flags", request.flags, flagNames)
            .Show("set.deadline", request.deadline_ns).Show("set.user", request.user_data)
            .Show("set.callback", request.completed != 0 ? 1u : 0)
            .Show("set.memory", OffsetOf(context, request.memory)).Show("set.bytes", request.byte_count);
        if (request.piece_count == 0 && (request.window_offset | request.window_bytes) != 0)
            line.Show("set.window", $"{request.window_offset}+{request.window_bytes}");
        line.Show("set.pieces", request.piece_count).Show("set.lending", request.lending)
            .ShowAddress("set.endpoint", ToEndPoint(in request.endpoint));
        ShowResult("was.", context, in was);
        line.ShowAddress("was.sender", ToEndPoint(in message.sender))
            .ShowAddress("was.destination", ToEndPoint(in message.destination))
            .Show("was.interface", message.interface_index).NewLine();
    }

    private void ShowResult(string prefix, Context context, in pendio_completion told)
    {
        line.Show(prefix + "operation", operations[told.operation]).Show(prefix + "handle", told.handle)
            .Show(prefix + "run", told.run).Show(prefix + "user", told.user_data).Show(prefix + "value", told.value)
            .Show(prefix + "bytes", told.bytes).Show(prefix + "memory", OffsetOf(context, (void*)told.memory));
        if (told.error != 0)
            line.Show(prefix + "error", ErrorName(told.error));
        line.ShowNames(prefix + "flags", told.flags, endNames);
    }

    private static byte[] ToBytes(EndPoint? endPoint)
    {
        SocketAddress? address = endPoint?.Serialize();
        return address == null ? [] : address.Buffer.Span[..address.Size].ToArray();
    }

    private static EndPoint? ToEndPoint(in pendio_endpoint endPoint)
    {
        fixed (byte* first = endPoint.address)
        {
            var bytes = new ReadOnlySpan<byte>(first, (int)endPoint.byte_count);
            if (bytes.Length < 2)
                return null;
            AddressFamily family = bytes[0] == 2 ? AddressFamily.InterNetwork
                : bytes[0] == 10 ? AddressFamily.InterNetworkV6 : AddressFamily.Unix;
            if (family == AddressFamily.Unix && bytes.Length <= 2)
                return null;
            var address = new SocketAddress(family, bytes.Length);
            bytes.CopyTo(address.Buffer.Span);
            EndPoint maker = family == AddressFamily.Unix ? new UnixDomainSocketEndPoint("/") : new IPEndPoint(0, 0);
            return family == AddressFamily.InterNetworkV6
                ? new IPEndPoint(new IPAddress(bytes.Slice(8, 16)), BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]))
                : maker.Create(address);
        }
    }
}
