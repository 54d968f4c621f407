// Native.cs - libpendio as it is: the calls of pendio.h by their own names, found and checked once.
//
// Happy path:  the library that PENDIO_LIBRARY names, else libpendio.so.0 of the system -> its
//              version -> calls.
// Failures:    no library, or one of another line of releases: DllNotFoundException says so.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

[assembly: DisableRuntimeMarshalling]
[assembly: InternalsVisibleTo("pendio_dotnet")]

namespace Pendio;

/// <summary>The calls, constants and layouts of pendio.h.</summary>
public static unsafe partial class Native
{
    private const string Library = "pendio";
    private const uint Major = 0, Minor = 1;

    /// <summary>
    /// Before any code of this module: brief calls are looked up when their callers are compiled.
    /// </summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "nothing else is early enough")]
    internal static void Begin() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, Find);

    /// <summary>Finds the library and looks at it; other calls expect that it has been called.</summary>
    public static void Load()
    {
        if (!LayoutIsRight())
            throw new PlatformNotSupportedException("pendio: records are laid out differently here");
        uint version = pendio_version();
        if (version >> 16 != Major || (Major == 0 && (version >> 8 & 0xff) != Minor))
            throw new DllNotFoundException(
                $"pendio: the library is release {version >> 16}.{version >> 8 & 0xff}, " +
                $"and this binding is for {Major}.{Minor}");
    }

    /// <summary>What a status of <c>pendio_loop_create</c> means, in words.</summary>
    public static string Explain(int status) =>
        Marshal.PtrToStringUTF8((nint)pendio_loop_explain(status)) ?? "";

    /// <summary>Text as C has it; to be freed by <c>NativeMemory.Free</c>.</summary>
    public static byte* CopyText(string text)
    {
        int byteCount = Encoding.UTF8.GetByteCount(text);
        var copy = (byte*)NativeMemory.Alloc((nuint)byteCount + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(copy, byteCount));
        copy[byteCount] = 0;
        return copy;
    }

    private static nint Find(string name, System.Reflection.Assembly assembly,
                             DllImportSearchPath? search)
    {
        if (name != Library)
            return 0;
        string? chosen = Environment.GetEnvironmentVariable("PENDIO_LIBRARY");
        return NativeLibrary.Load(string.IsNullOrEmpty(chosen) ? "libpendio.so.0" : chosen);
    }
}
