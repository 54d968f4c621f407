// Errors.cs - errors of the system as System.Net.Sockets names them.
using System.Net.Sockets;

namespace Pendio.Sockets;

internal static class Errors
{
    internal const int ENOENT = 2, EBADF = 9, EAGAIN = 11, EINVAL = 22, ENODATA = 61, EOPNOTSUPP = 95;
    internal const int ENOBUFS = 105, EREMOTEIO = 121, ECANCELED = 125;

    /// <summary>By errno, positive, as Linux numbers them on all its common machines.</summary>
    internal static SocketError ToSocketError(int error) => error switch
    {
        0 => SocketError.Success,
        1 => SocketError.AccessDenied,                  // EPERM
        2 => SocketError.AddressNotAvailable,           // ENOENT
        4 => SocketError.Interrupted,                   // EINTR
        6 => SocketError.HostNotFound,                  // ENXIO
        9 => SocketError.OperationAborted,              // EBADF
        11 => SocketError.WouldBlock,                   // EAGAIN
        13 => SocketError.AccessDenied,                 // EACCES
        14 => SocketError.Fault,                        // EFAULT
        22 => SocketError.InvalidArgument,              // EINVAL
        23 => SocketError.TooManyOpenSockets,           // ENFILE
        24 => SocketError.TooManyOpenSockets,           // EMFILE
        32 => SocketError.Shutdown,                     // EPIPE
        61 => SocketError.NoData,                       // ENODATA
        88 => SocketError.NotSocket,                    // ENOTSOCK
        89 => SocketError.DestinationAddressRequired,   // EDESTADDRREQ
        90 => SocketError.MessageSize,                  // EMSGSIZE
        91 => SocketError.ProtocolType,                 // EPROTOTYPE
        92 => SocketError.ProtocolOption,               // ENOPROTOOPT
        93 => SocketError.ProtocolNotSupported,         // EPROTONOSUPPORT
        94 => SocketError.SocketNotSupported,           // ESOCKTNOSUPPORT
        95 => SocketError.OperationNotSupported,        // EOPNOTSUPP
        96 => SocketError.ProtocolFamilyNotSupported,   // EPFNOSUPPORT
        97 => SocketError.AddressFamilyNotSupported,    // EAFNOSUPPORT
        98 => SocketError.AddressAlreadyInUse,          // EADDRINUSE
        99 => SocketError.AddressNotAvailable,          // EADDRNOTAVAIL
        100 => SocketError.NetworkDown,                 // ENETDOWN
        101 => SocketError.NetworkUnreachable,          // ENETUNREACH
        102 => SocketError.NetworkReset,                // ENETRESET
        103 => SocketError.ConnectionAborted,           // ECONNABORTED
        104 => SocketError.ConnectionReset,             // ECONNRESET
        105 => SocketError.NoBufferSpaceAvailable,      // ENOBUFS
        106 => SocketError.IsConnected,                 // EISCONN
        107 => SocketError.NotConnected,                // ENOTCONN
        108 => SocketError.Disconnecting,               // ESHUTDOWN
        110 => SocketError.TimedOut,                    // ETIMEDOUT
        111 => SocketError.ConnectionRefused,           // ECONNREFUSED
        112 => SocketError.HostDown,                    // EHOSTDOWN
        113 => SocketError.HostUnreachable,             // EHOSTUNREACH
        114 => SocketError.AlreadyInProgress,           // EALREADY
        115 => SocketError.InProgress,                  // EINPROGRESS
        125 => SocketError.OperationAborted,            // ECANCELED
        _ => SocketError.SocketError,
    };

    /// <summary>Of a connect by name.</summary>
    internal static SocketError OfName(int error) => error switch
    {
        ENOENT => SocketError.HostNotFound,
        ENODATA => SocketError.NoData,
        EREMOTEIO => SocketError.TryAgain,
        _ => ToSocketError(error),
    };

    /// <summary>Of a start that was refused: what no program of .NET's could have done wrong.</summary>
    internal static SocketError OfRefusal(int error) => error switch
    {
        EAGAIN => SocketError.NoBufferSpaceAvailable,
        _ => ToSocketError(error),
    };
}
