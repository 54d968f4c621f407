// Subject.cs - this binding as a subject of harness/SUBJECT.md: its low level, which has files, pools
// and cancels as well as sockets.
//
// Happy path:  each command is the call of its name; what a context shows is read back from it.
// Failures:    refusals are handed on; without its memory the program ends.
using System;
using System.Collections.Generic;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Pendio.Program;

internal sealed unsafe partial class Subject
{
    private const string Can =
        "nop,timer,accept,connect,connect_name,receive,send,receive_from,send_to,receive_message,send_message," +
        "splice,open,read,write,fsync,truncate,stat,rename,unlink,mkdir,poll,disconnect,close,half_close," +
        "close_now,cancel,post,pipe,tcp4,tcp6,udp4,udp6,unix_stream,unix_datagram,unix_seqpacket,file,auto,try," +
        "queue,deadlines,callbacks,vectors,lending,auto_put,peek,zero_copy,first_data,prepared,reuse,abortive," +
        "statistics";

    private const int RecordCount = 4096;
    private static readonly string[] policies = ["auto", "try", "queue"];
    private static readonly string[] flagNames = ["auto_put", "peek", "zero_copy", "first_data"];
    private static readonly string[] endNames =
        ["end_of_stream", "truncated", "control_truncated", "lent", "by_cancel", "by_deadline", "by_close", "copied"];

    private sealed class Context
    {
        internal nint Native;
        internal ulong Number, Slice, SliceBytes;
        internal ulong Lent; // where what it is lent is copied to
        internal nint Name, Target; // of a file, for as long as it is under way
    }

    private sealed class Pool
    {
        internal nint Native;
        internal ulong Memory, SliceBytes;
    }

    private readonly Lines line = new();
    private readonly List<Context> contexts = [];
    private readonly Dictionary<nint, Context> byNative = [];
    private readonly List<Pool> pools = [];
    private readonly pendio_completion* records =
        (pendio_completion*)NativeMemory.AlignedAlloc(RecordCount * (nuint)sizeof(pendio_completion), 64);
    private static Subject? current; // of the callbacks
    private byte* memory;
    private ulong memoryBytes, lendOffset, lendBytes, contextRoom;
    private nint loop;

    internal static int Run()
    {
        Native.Load();
        Subject subject = current = new Subject();
        while (subject.line.Read())
        {
            subject.Do();
            subject.line.Send();
        }
        return 0;
    }

    private void Do()
    {
        switch (line.Word)
        {
        case "hello":
            Hello();
            break;
        case "loop":
            MakeLoop();
            break;
        case "pool":
            MakePool();
            break;
        case "get":
            Get();
            break;
        case "put":
            Answer(Native.pendio_pool_put(Named().Native));
            break;
        case "set":
            Set();
            break;
        case "turn":
            Turn();
            break;
        case "post":
            Answer(Native.pendio_loop_post(loop, line.Number("user"), line.Number("value")));
            break;
        case "cancel":
            Answer(Native.pendio_cancel(loop, line.Number("run")));
            break;
        case "statistics":
            Statistics();
            break;
        case "shutdown":
            Answer(Native.pendio_loop_shutdown(loop));
            break;
        case "destroy":
            Destroy();
            break;
        default:
            if (!DoHandle() && !DoStart())
                line.Say("refused error=ENOTSUP").NewLine();
            break;
        }
    }

    private void Answer(int status)
    {
        line.Say(status < 0 ? "refused" : "ok");
        if (status < 0)
            line.Show("error", ErrorName(status));
        line.NewLine();
    }

    private Context Named() => contexts[(int)line.Number("context") - 1];

    private void Hello()
    {
        memoryBytes = line.Number("memory");
        (lendOffset, lendBytes) = line.Range("lend");
        string path = Environment.GetEnvironmentVariable("PENDIO_SUBJECT_MEMORY") ?? "/proc/self/fd/3";
        MemoryMappedFile.CreateFromFile(path, System.IO.FileMode.Open, null, (long)memoryBytes)
            .CreateViewAccessor(0, (long)memoryBytes).SafeMemoryMappedViewHandle.AcquirePointer(ref memory);
        uint version = Native.pendio_version();
        line.Say("ok protocol=1 name=dotnet").Show("version", $"{version >> 16}.{version >> 8 & 255}.{version & 255}")
            .Show("can", Can).NewLine();
    }

    private void MakeLoop()
    {
        nint made;
        var options = new pendio_loop_options
        {
            size = (uint)sizeof(pendio_loop_options),
            operation_count = (uint)line.Number("operations"),
            handle_count = (uint)line.Number("handles"),
            done_budget = (uint)line.Number("budget"),
            buffer_bytes = (uint)line.Number("buffer_bytes"),
            buffer_count = (uint)line.Number("buffer_count"),
            collect_bytes = (uint)line.Number("collect_bytes"),
            collect_count = (uint)line.Number("collect_count"),
        };
        contextRoom = options.operation_count;
        int status = Native.pendio_loop_create(&options, &made);
        loop = made;
        line.Say(status < 0 ? "refused" : "ok");
        if (status < 0)
            line.Show("error", ErrorName(status)).Show("because", Native.Explain(status));
        line.NewLine();
    }

    /// <summary>The slices are of the shared memory; the library's own arena is none of it.</summary>
    private void MakePool()
    {
        nint made;
        var options = new pendio_pool_options
        {
            size = (uint)sizeof(pendio_pool_options),
            context_count = (uint)line.Number("contexts"),
        };
        int status = Native.pendio_pool_create(loop, &options, &made);
        if (status < 0)
        {
            Answer(status);
            return;
        }
        pools.Add(new Pool { Native = made, Memory = line.Number("memory"), SliceBytes = line.Number("slice") });
        line.Say("ok").Show("pool", (ulong)pools.Count).NewLine();
    }

    private void Get()
    {
        nint got;
        Pool pool = pools[(int)line.Number("pool") - 1];
        int status = Native.pendio_pool_get(pool.Native, &got);
        if (status < 0)
        {
            Answer(status);
            return;
        }
        if (!byNative.TryGetValue(got, out Context? context))
        {
            context = new Context { Native = got, Number = (ulong)contexts.Count + 1, SliceBytes = pool.SliceBytes };
            context.Slice = pool.SliceBytes > 0 ? pool.Memory : 0;
            context.Lent = lendOffset + (context.Number - 1) * (lendBytes / contextRoom);
            pool.Memory += pool.SliceBytes;
            byNative[got] = context;
            contexts.Add(context);
        }
        SetSlice(context);
        line.Say("ok").Show("context", context.Number);
        Show(context);
    }

    private int SetSlice(Context context) =>
        Native.pendio_context_set_memory(context.Native, context.Slice == 0 ? null : memory + context.Slice,
                                         (nuint)context.SliceBytes);

    private void Set()
    {
        Context context = Named();
        nint native = context.Native;
        int status = 0;
        if (line.Has("policy"))
            status = Native.pendio_context_set_policy(native, (uint)Array.IndexOf(policies, line.Text("policy")));
        if (status == 0 && line.Has("flags"))
            status = Native.pendio_context_set_flags(native, line.Names("flags", flagNames));
        if (status == 0 && line.Has("deadline"))
            status = Native.pendio_context_set_deadline(native, line.Number("deadline"));
        if (status == 0 && line.Has("user"))
            status = Native.pendio_context_set_user_data(native, line.Number("user"));
        if (status == 0 && line.Has("callback"))
            status = Native.pendio_context_set_callback(
                native, line.Number("callback") == 0 ? 0 : (nint)called, null);
        if (status == 0)
            status = SetMemory(context);
        if (status == 0 && line.Has("endpoint"))
            status = SetEndPoint(context);
        if (status < 0)
        {
            Answer(status);
            return;
        }
        line.Say("ok");
        Show(context);
    }

    private int SetMemory(Context context)
    {
        int status = line.Has("slice") ? SetSlice(context) : 0;
        (ulong offset, ulong count) = line.Range("memory");
        if (line.Has("memory"))
            status = Native.pendio_context_set_memory(context.Native, offset == 0 ? null : memory + offset, (nuint)count);
        if (line.Has("lending"))
            status = Native.pendio_context_set_lending(context.Native);
        if (line.Has("pieces"))
            status = SetPieces(context);
        (offset, count) = line.Range("window");
        if (status == 0 && line.Has("window"))
            status = Native.pendio_context_set_window(context.Native, (nuint)offset, (nuint)count);
        return status;
    }

    private int SetPieces(Context context)
    {
        string[] ranges = line.Text("pieces").Split(',', StringSplitOptions.RemoveEmptyEntries);
        var pieces = new pendio_bytes[ranges.Length];
        for (int index = 0; index < ranges.Length; index++)
        {
            (ulong offset, ulong count) = Lines.ReadRange(ranges[index]);
            pieces[index] = new pendio_bytes { memory = memory + offset, byte_count = (nuint)count };
        }
        fixed (pendio_bytes* first = pieces)
            return Native.pendio_context_set_pieces(context.Native, first, (uint)pieces.Length);
    }

    private int SetEndPoint(Context context)
    {
        byte[] address = ToBytes(line.Address("endpoint"));
        fixed (byte* first = address)
            return Native.pendio_context_set_endpoint(context.Native, first, (uint)address.Length);
    }

    private void Turn()
    {
        uint most = (uint)Math.Min(line.Number("count"), RecordCount);
        int count = Native.pendio_loop_turn(loop, (long)line.Number("timeout"), records, most);
        for (int index = 0; index < count; index++)
        {
            ref pendio_completion record = ref records[index];
            if (record.context == 0)
            {
                line.Say("posted").Show("user", record.user_data).Show("value", record.value).NewLine();
                continue;
            }
            Tell("told", in record);
        }
        line.Say("end");
        if (count < 0)
            line.Show("error", ErrorName(count));
        line.NewLine();
    }

    private void Tell(string word, in pendio_completion record)
    {
        Context context = byNative[record.context];
        Lend(context, in record);
        line.Say(word).Show("context", context.Number);
        ShowResult("", context, in record);
        Show(context);
    }

    private static readonly delegate* unmanaged<pendio_completion*, void*, void> called = &Called;

    /// <summary>From within a turn: commands are read until it is over.</summary>
    [UnmanagedCallersOnly]
    private static void Called(pendio_completion* record, void* state)
    {
        Subject subject = current!;
        subject.Tell("called", in *record);
        subject.line.Send();
        while (subject.line.Read() && subject.line.Word != "return")
        {
            subject.Do();
            subject.line.Send();
        }
    }

    private void Destroy()
    {
        ulong leaked;
        Native.pendio_loop_destroy(loop, -1, &leaked);
        line.Say($"ok leaked={leaked}").NewLine();
    }

    private void Statistics()
    {
        var s = new pendio_loop_statistics { size = (uint)sizeof(pendio_loop_statistics) };
        Native.pendio_loop_stats(loop, &s);
        line.Say("ok").Show("started", s.started).Show("done", s.done).Show("pending", s.pending)
            .Show("refused", s.refused).Show("refused_invalid", s.refused_invalid)
            .Show("refused_handle", s.refused_handle).Show("refused_busy", s.refused_busy)
            .Show("refused_no_capacity", s.refused_no_capacity).Show("refused_shutdown", s.refused_shutdown)
            .Show("delivered", s.delivered).Show("delivered_callback", s.delivered_callback)
            .Show("delivered_record", s.delivered_record).Show("posts", s.posts)
            .Show("handles_open", s.handles_open).Show("pool_contexts", s.pool_contexts)
            .Show("pool_in_use", s.pool_in_use).Show("pool_high_water", s.pool_high_water)
            .Show("pool_gets", s.pool_gets).Show("pool_exhausted", s.pool_exhausted).NewLine();
    }
}
