// Lines.cs - the line at hand, and the answer to it, as harness/SUBJECT.md has them.
//
// Happy path:  Read -> fields by their keys -> words and fields are written -> End.
// Failures:    a field that is not there is 0 or empty.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pendio.Program;

internal sealed class Lines
{
    private readonly Stream input = Console.OpenStandardInput();
    private readonly Stream output = Console.OpenStandardOutput();
    private readonly StringBuilder answer = new();
    private readonly Dictionary<string, string> fields = new();
    private readonly byte[] buffer = new byte[1 << 17];
    private int begin, end;

    internal string Word { get; private set; } = "";

    internal bool Read()
    {
        int at;
        while ((at = Array.IndexOf(buffer, (byte)'\n', begin, end - begin)) < 0)
        {
            Buffer.BlockCopy(buffer, begin, buffer, 0, end - begin);
            (begin, end) = (0, end - begin);
            int more = input.Read(buffer, end, buffer.Length - end);
            if (more <= 0)
                return false;
            end += more;
        }
        string[] parts = Encoding.ASCII.GetString(buffer, begin, at - begin).Split(' ');
        begin = at + 1;
        Word = parts[0];
        fields.Clear();
        foreach (string part in parts.AsSpan(1))
            fields[part[..part.IndexOf('=')]] = part[(part.IndexOf('=') + 1)..];
        return true;
    }

    internal bool Has(string key) => fields.ContainsKey(key);

    internal string Text(string key) => fields.GetValueOrDefault(key, "");

    internal ulong Number(string key) =>
        Has(key) ? ulong.Parse(Text(key), CultureInfo.InvariantCulture) : 0;

    internal (ulong Offset, ulong Count) Range(string key) => Has(key) ? ReadRange(Text(key)) : (0, 0);

    internal static (ulong Offset, ulong Count) ReadRange(string text)
    {
        string[] parts = text.Split('+');
        return (ulong.Parse(parts[0], CultureInfo.InvariantCulture),
                ulong.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    internal uint Names(string key, string[] names)
    {
        uint bits = 0;
        foreach (string name in Text(key).Split(',', StringSplitOptions.RemoveEmptyEntries))
            if (Array.IndexOf(names, name) is int bit && bit >= 0)
                bits |= 1u << bit;
        return bits;
    }

    /// <summary>"ip4,a.b.c.d,port", "ip6,a::b,port", "unix,path" or "none".</summary>
    internal EndPoint? Address(string key)
    {
        string[] parts = Text(key).Split(',', 3);
        return parts[0] switch
        {
            "ip4" or "ip6" => new IPEndPoint(IPAddress.Parse(parts[1]),
                                             int.Parse(parts[2], CultureInfo.InvariantCulture)),
            "unix" => new UnixDomainSocketEndPoint(Text(key)["unix,".Length..]),
            _ => null,
        };
    }

    internal Lines Say(string text)
    {
        answer.Append(text);
        return this;
    }

    internal Lines Show(string key, ulong number) => number == 0 ? this : Show(key, $"{number}");

    internal Lines Show(string key, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            answer.Append(' ').Append(key).Append('=').Append(value);
        return this;
    }

    internal Lines ShowNames(string key, uint bits, string[] names) =>
        Show(key, string.Join(',', Array.FindAll(names, name => (bits & 1u << Array.IndexOf(names, name)) != 0)));

    internal Lines ShowAddress(string key, EndPoint? address) => Show(key, address switch
    {
        IPEndPoint { AddressFamily: AddressFamily.InterNetwork } ip => $"ip4,{ip.Address},{ip.Port}",
        IPEndPoint ip => $"ip6,{ip.Address},{ip.Port}",
        UnixDomainSocketEndPoint path => $"unix,{path}",
        _ => "",
    });

    internal void NewLine() => answer.Append('\n');

    internal void Send()
    {
        output.Write(Encoding.ASCII.GetBytes(answer.ToString()));
        output.Flush();
        answer.Clear();
    }
}
