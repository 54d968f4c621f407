// System.cs - the system calls that are never pending: what sockets are made and looked at with.
using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Pendio.Sockets;

internal static unsafe partial class Libc
{
    internal const int SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_LINGER = 13, SO_DOMAIN = 39;
    internal const int IPPROTO_IP = 0, IP_PKTINFO = 8, IP_MTU_DISCOVER = 10;
    internal const int IPPROTO_TCP = 6, TCP_NODELAY = 1;
    internal const int IPPROTO_IPV6 = 41, IPV6_V6ONLY = 26, IPV6_RECVPKTINFO = 49;
    internal const int AF_UNSPEC = 0, AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10;
    internal const int SOCK_CLOEXEC = 0x80000, O_NONBLOCK = 0x800, F_GETFL = 3, F_SETFL = 4;
    internal const int F_DUPFD_CLOEXEC = 1030;
    internal const int MSG_OOB = 1, MSG_PEEK = 2, MSG_DONTROUTE = 4;
    internal const int MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;
    internal const int EINTR = 4, EINPROGRESS = 115, ENOTCONN = 107;

    [StructLayout(LayoutKind.Sequential)]
    internal struct Linger
    {
        internal int OnOff, Seconds;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int descriptor, byte* address, uint byteCount);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(int descriptor, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int accept4(int descriptor, byte* address, uint* byteCount, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(int descriptor, byte* address, uint byteCount);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockname(int descriptor, byte* address, uint* byteCount);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getpeername(int descriptor, byte* address, uint* byteCount);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int descriptor, int level, int name, void* value,
                                           uint byteCount);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(int descriptor, int level, int name, void* value,
                                           uint* byteCount);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shutdown(int descriptor, int how);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int descriptor, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recvfrom(int descriptor, void* memory, nuint byteCount, int flags,
                                          byte* address, uint* addressBytes);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendto(int descriptor, void* memory, nuint byteCount, int flags,
                                        byte* address, uint addressBytes);

    internal static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>Throws what .NET throws for the last call that failed.</summary>
    internal static int Check(int result) =>
        result >= 0 ? result : throw new SocketException((int)Errors.ToSocketError(LastError));

    internal static int SetOption(int descriptor, int level, int name, int value) =>
        setsockopt(descriptor, level, name, &value, sizeof(int));
}
