// Pins.cs - memory that stays where it is: pinned when first used, and as long as it is set.
using System;
using System.Buffers;
using System.Runtime.InteropServices;

namespace Pendio.Sockets;

/// <summary>One piece of memory, held where it is until another one is asked for.</summary>
internal unsafe struct Pin
{
    private MemoryHandle handle;
    private Memory<byte> memory;

    internal byte* Hold(Memory<byte> wanted)
    {
        if (!memory.Equals(wanted))
        {
            Release();
            handle = wanted.Pin();
            memory = wanted;
        }
        return (byte*)handle.Pointer;
    }

    internal void Release()
    {
        handle.Dispose();
        handle = default;
        memory = default;
    }
}

/// <summary>Several pieces, with the array of them that libpendio copies.</summary>
internal unsafe struct Pieces
{
    private ArraySegment<byte>[] held;
    private MemoryHandle[] handles;
    private pendio_bytes* vector;
    private int room;

    internal pendio_bytes* Vector => vector;

    internal void Hold(ReadOnlySpan<ArraySegment<byte>> wanted)
    {
        if (held != null && wanted.SequenceEqual(held))
            return;
        Release();
        if (room < wanted.Length)
        {
            vector = (pendio_bytes*)NativeMemory.Realloc(
                vector, (nuint)(wanted.Length * sizeof(pendio_bytes)));
            room = wanted.Length;
        }
        held = wanted.ToArray();
        handles = new MemoryHandle[held.Length];
        for (int index = 0; index < held.Length; index++)
        {
            handles[index] = held[index].AsMemory().Pin();
            vector[index].memory = handles[index].Pointer;
            vector[index].byte_count = (nuint)held[index].Count;
        }
    }

    internal void Release()
    {
        foreach (ref MemoryHandle handle in handles.AsSpan())
            handle.Dispose();
        handles = [];
        held = [];
    }

    internal void Free()
    {
        Release();
        NativeMemory.Free(vector);
        vector = null;
        room = 0;
    }
}
