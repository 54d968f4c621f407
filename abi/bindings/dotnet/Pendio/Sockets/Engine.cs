// Engine.cs - a thread with a loop: starts operations, harvests what is over, and tells it.
//
// Happy path:  turn the loop -> up to a batch of records -> each finds its operation by the place in
//              a table that its user data names -> Completed is raised, here -> what other threads
//              have handed over meanwhile is started -> turn again, which hands it to the kernel.
// Failures:    no io_uring: whoever needs the first engine gets PlatformNotSupportedException. An
//              exception out of a Completed handler ends the process, as on any thread.
using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Pendio.Sockets;

/// <summary>What is handed to an engine: it links itself, so that nothing is allocated.</summary>
internal abstract class Work
{
    internal Work? Behind;

    internal abstract void Run(Engine engine);
}

/// <summary>One loop and its thread.</summary>
public sealed unsafe class Engine
{
    private const int BatchCount = 256, OperationCount = 32768, HandleCount = 65536;
    private const int PoolCount = 256;

    [ThreadStatic]
    private static Engine? own;
    private static readonly Lazy<Engine[]> all = new(CreateAll);
    private static int lastChosen;

    private readonly Thread thread;
    private readonly ManualResetEventSlim begun = new();
    private readonly pendio_completion* records;
    private readonly List<nint> contexts = new();
    private readonly Stack<int> free = new();
    private Operation?[] underWay = new Operation?[PoolCount];
    private Work? handedOver, toRun;
    private int recordAt, recordCount; // those of the last turn that are still to be told
    private nint loop, pool;
    private int status;
    private ulong turns, calls;
    private ExecutionContext? clean;

    private Engine(int index)
    {
        records = (pendio_completion*)NativeMemory.AlignedAlloc(
            (nuint)(BatchCount * sizeof(pendio_completion)), 64);
        thread = new Thread(Live) { IsBackground = true, Name = $"pendio-{index}" };
        thread.UnsafeStart(); // with nobody's execution context
        begun.Wait();
        if (status < 0)
            throw new PlatformNotSupportedException("pendio: " + Native.Explain(status));
    }

    internal nint Loop => loop;

    internal bool IsMine => own == this;

    /// <summary>The calling thread's.</summary>
    internal static Engine? Own => own;

    /// <summary>Calls into the library for operations, and turns, of all engines so far.</summary>
    public static (ulong Calls, ulong Turns) Count()
    {
        ulong calls = 0, turns = 0;
        foreach (Engine engine in all.Value)
        {
            calls += Volatile.Read(ref engine.calls);
            turns += Volatile.Read(ref engine.turns);
        }
        return (calls, turns);
    }

    /// <summary>The calling thread's, else each in turn.</summary>
    internal static Engine Choose()
    {
        if (own != null)
            return own;
        Engine[] engines = all.Value;
        return engines[(uint)Interlocked.Increment(ref lastChosen) % (uint)engines.Length];
    }

    private static Engine[] CreateAll()
    {
        Native.Load();
        string? chosen = Environment.GetEnvironmentVariable("PENDIO_ENGINES");
        if (!int.TryParse(chosen, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ||
            count < 1)
            count = 1;
        var engines = new Engine[count];
        for (int index = 0; index < count; index++)
            engines[index] = new Engine(index);
        return engines;
    }

    /// <summary>Any thread: the loop's thread will run it, in the order of handing over.</summary>
    internal void HandOver(Work work)
    {
        Work? first = Volatile.Read(ref handedOver);
        Work? seen;
        do
        {
            seen = first;
            work.Behind = seen;
            first = Interlocked.CompareExchange(ref handedOver, work, seen);
        } while (first != seen);
        // Refused with -EAGAIN, so many messages wait that the loop wakes anyway.
        if (seen == null)
            Native.pendio_loop_post(loop, 0, 0);
    }

    /// <summary>A context and its place in the table. False: the loop has no more.</summary>
    internal bool TakeContext(out int place, out nint context)
    {
        if (!free.TryPop(out place) && !MakeContext(out place))
        {
            context = 0;
            return false;
        }
        context = contexts[place];
        return true;
    }

    internal void PutContext(int place) => free.Push(place);

    /// <summary>What a handler has changed of its ambience is not for the next one.</summary>
    internal void Clean()
    {
        if (clean != null)
            ExecutionContext.Restore(clean);
    }

    /// <summary>Waits for what any engine will set; one whose thread this is goes on turning.</summary>
    internal static void WaitFor(ManualResetEventSlim over)
    {
        if (own is not Engine engine)
        {
            over.Wait();
            return;
        }
        try
        {
            while (!over.IsSet)
                engine.Turn();
        }
        catch (Exception thrown)
        {
            EndProcess(thrown);
        }
    }

    /// <summary>Sets what another engine may wait for, which sleeps in its turn.</summary>
    internal static void Set(ManualResetEventSlim over, Engine? waiting)
    {
        over.Set();
        if (waiting is { IsMine: false })
            Native.pendio_loop_wake(waiting.loop);
    }

    /// <summary>The handler that waits is not the one to catch what another handler has thrown.</summary>
    private static void EndProcess(Exception thrown)
    {
        new Thread(() => ExceptionDispatchInfo.Throw(thrown)).UnsafeStart();
        Thread.Sleep(Timeout.Infinite);
    }

    internal void Expect(int place, Operation operation) => underWay[place] = operation;

    internal void Count(uint more) => calls += more;

    private bool MakeContext(out int place)
    {
        nint context;
        place = contexts.Count;
        if ((pool == 0 || Native.pendio_pool_get(pool, &context) < 0) &&
            (!MakePool() || Native.pendio_pool_get(pool, &context) < 0))
            return false;
        contexts.Add(context);
        if (place == underWay.Length)
            Array.Resize(ref underWay, 2 * place);
        Native.pendio_context_set_user_data(context, (ulong)place);
        return true;
    }

    private bool MakePool()
    {
        var options = new pendio_pool_options
        {
            size = (uint)sizeof(pendio_pool_options),
            context_count = PoolCount,
        };
        nint made;
        if (Native.pendio_pool_create(loop, &options, &made) < 0)
            return false;
        pool = made;
        return true;
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "the loop lives as long as it turns")]
    private void Live()
    {
        own = this;
        clean = ExecutionContext.Capture();
        var options = new pendio_loop_options
        {
            size = (uint)sizeof(pendio_loop_options),
            operation_count = OperationCount,
            handle_count = HandleCount,
        };
        nint made;
        status = Native.pendio_loop_create(&options, &made);
        loop = made;
        bool isMade = status >= 0; // else whoever has made this engine throws
        begun.Set();
        while (isMade)
            Turn();
    }

    /// <summary>Inside of a handler that waits: first what the turn around it has not told yet.</summary>
    private void Turn()
    {
        if (recordAt == recordCount && toRun == null)
            Harvest();
        while (recordAt < recordCount)
        {
            ref readonly pendio_completion record = ref records[recordAt++];
            if (record.context != 0)
                Tell(in record);
        }
        RunHandedOver();
    }

    private void Harvest()
    {
        bool isIdle = Volatile.Read(ref handedOver) == null;
        int count = Native.pendio_loop_turn(loop, isIdle ? -1 : 0, records, BatchCount);
        if (count < 0)
            Environment.FailFast($"pendio: the loop failed with errno {-count}");
        turns++;
        recordAt = 0;
        recordCount = count;
    }

    /// <summary>What it raises may turn, which overwrites the record.</summary>
    private void Tell(in pendio_completion record)
    {
        ref Operation? place = ref underWay[record.user_data];
        Operation operation = place!;
        place = null;
        operation.End(in record);
    }

    private void RunHandedOver()
    {
        if (toRun == null && Volatile.Read(ref handedOver) != null)
            TakeHandedOver();
        while (toRun is Work first)
        {
            toRun = first.Behind;
            first.Behind = null;
            first.Run(this);
        }
    }

    /// <summary>In the order of handing over.</summary>
    private void TakeHandedOver()
    {
        Work? last = Interlocked.Exchange(ref handedOver, null);
        while (last != null)
        {
            Work? next = last.Behind;
            last.Behind = toRun;
            toRun = last;
            last = next;
        }
    }
}
