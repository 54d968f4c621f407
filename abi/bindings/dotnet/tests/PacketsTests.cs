// PacketsTests.cs - I: memory and files, one after the other.
using System;
using System.IO;
using System.Linq;
#if PENDIO
using Pendio.Sockets;
#else
using System.Net.Sockets;
#endif

namespace Behaviours;

internal static class PacketsTests
{
    private const int FileBytes = 1024;
    private static readonly byte[] content = Make.Numbers(FileBytes);

    private static string WriteFile()
    {
        string path = Make.Path();
        File.WriteAllBytes(path, content);
        return path;
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 4096, FileOptions.Asynchronous);

    /// <summary>Sends, and what came is what was expected.</summary>
    private static void Sends(byte[] expected, params SendPacketsElement[] elements)
    {
        var (client, server) = Make.TcpPair();
        using var op = new Op { SendPacketsElements = elements };
        Check.Equal(expected.Length, op.Must(client.SendPacketsAsync).BytesTransferred, "sent");
        Check.Bytes(expected, Make.Take(server, expected.Length), "received");
        Check.Equal(SocketAsyncOperation.SendPackets, op.LastOperation, "operation");
        client.Dispose();
        server.Dispose();
    }

    private static void Fails(SocketError expected, params SendPacketsElement[] elements)
    {
        var (client, server) = Make.TcpPair();
        using var op = new Op { SendPacketsElements = elements };
        Check.Equal(expected, op.Run(client.SendPacketsAsync), "error");
        Check.Equal(0, op.BytesTransferred, "sent");
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(195, 196, 197, 200, 201)]
    internal static void Nothing()
    {
        Sends([]);
        Sends([], (SendPacketsElement)null!);
        Sends([], new SendPacketsElement(new byte[0]));
        Sends([], new SendPacketsElement(new byte[10], 4, 0));
    }

    [Behaviour(198, 199, 202)]
    internal static void Buffers()
    {
        byte[] ten = Make.Numbers(10);
        Sends(ten, new SendPacketsElement(ten));
        Sends(ten, new SendPacketsElement(ten.AsMemory()));
        Sends(ten[5..], new SendPacketsElement(ten, 5, 5));
        Sends(ten[2..], new SendPacketsElement(ten, 4, 0), new SendPacketsElement(ten, 2, 4),
              new SendPacketsElement(ten, 6, 4));
    }

    [Behaviour(204, 205)]
    internal static void ThenDisconnect()
    {
        foreach (TransmitFileOptions options in new[]
                 { TransmitFileOptions.Disconnect, TransmitFileOptions.Disconnect | TransmitFileOptions.ReuseSocket })
        {
            var (client, server) = Make.TcpPair();
            using var op = new Op
            {
                SendPacketsElements = [new SendPacketsElement(new byte[10])],
                SendPacketsFlags = options,
            };
            Check.Equal(10, op.Must(client.SendPacketsAsync).BytesTransferred, "sent");
            Make.Take(server, 10);
            Check.Equal(0, server.Receive(new byte[1]), "the end");
            string after;
            try
            {
                after = new Op(1).Run(client.SendAsync) == SocketError.Success ? "sends" : "fails";
            }
            catch (SocketException)
            {
                after = "fails";
            }
            Check.Equal("fails", after, "sending again");
            client.Dispose();
            server.Dispose();
        }
    }

    [Behaviour(206, 208, 209)]
    internal static void NoSuchFile()
    {
        var (client, server) = Make.TcpPair();
        using var op = new Op();
        op.SendPacketsElements = [new SendPacketsElement("")];
        Check.Throws<ArgumentException>(() => client.SendPacketsAsync(op), "an empty path");
        op.SendPacketsElements = [new SendPacketsElement(Path.Combine(Make.Path(), "file"))];
        Check.Throws<DirectoryNotFoundException>(() => client.SendPacketsAsync(op), "no folder");
        op.SendPacketsElements = [new SendPacketsElement(Make.Path())];
        Check.Throws<FileNotFoundException>(() => client.SendPacketsAsync(op), "no file");
        op.SendPacketsElements = []; // still free
        client.Dispose();
        server.Dispose();
    }

    [Behaviour(210, 211, 212, 213)]
    internal static void FilesByPath()
    {
        string path = WriteFile();
        Sends(content, new SendPacketsElement(path));
        Sends(content, new SendPacketsElement(path, 0L, 0));
        Sends(content[10..30], new SendPacketsElement(path, 10, 20));
        Sends([.. content[30..50], .. content[..10], .. content[10..20]], new SendPacketsElement(path, 30, 20),
              new SendPacketsElement(path, 0, 10), new SendPacketsElement(path, 10, 10));
        Fails(SocketError.InvalidArgument, new SendPacketsElement(path, 5, 10000));
        Fails(SocketError.InvalidArgument, new SendPacketsElement(path, 5L + uint.MaxValue, 10000));
    }

    [Behaviour(215, 217, 218, 219, 221)]
    internal static void OpenFiles()
    {
        using var stream = Open(WriteFile());
        stream.Seek(100, SeekOrigin.Begin);
        Sends([.. content, .. content], new SendPacketsElement(stream), new SendPacketsElement(stream));
        Check.Equal(100, stream.Position, "position");
        Sends([.. content, .. content], new SendPacketsElement(stream, 0, 0),
              new SendPacketsElement(stream, 0, FileBytes));
        Sends([.. content[..20], .. content[10..30], .. content[^20..]], new SendPacketsElement(stream, 0, 20),
              new SendPacketsElement(stream, 10, 20), new SendPacketsElement(stream, FileBytes - 20, 20));
        Check.Equal(100, stream.Position, "position");
        Fails(SocketError.InvalidArgument, new SendPacketsElement(stream, (long)uint.MaxValue + 11, 1));
        Fails(SocketError.InvalidArgument, new SendPacketsElement(stream, 5, 10000));
    }

    [Behaviour(223, 225)]
    internal static void AnyMix()
    {
        string path = WriteFile();
        using var stream = Open(path);
        byte[] ten = Make.Numbers(10, 7);
        Sends([.. ten, .. content, .. content[5..9], .. ten[..4], .. content[10..30]], new SendPacketsElement(ten),
              new SendPacketsElement(path), new SendPacketsElement(stream, 5, 4),
              new SendPacketsElement(ten.AsMemory(0, 4)), new SendPacketsElement(path, 10, 20));
        Sends([.. content, .. content[..5], .. content, .. content[5..8]], new SendPacketsElement(path),
              new SendPacketsElement(stream, 0, 5), new SendPacketsElement(stream), new SendPacketsElement(path, 5, 3));
    }

    [Behaviour(58, 197)]
    internal static void Defaults()
    {
        using var e = new SocketAsyncEventArgs();
        Check.Equal(0, e.SendPacketsSendSize, "block size");
        Check.Equal(TransmitFileOptions.UseDefaultWorkerThread, e.SendPacketsFlags, "flags");
        Check.Equal(null, e.SendPacketsElements, "elements");
    }
}
