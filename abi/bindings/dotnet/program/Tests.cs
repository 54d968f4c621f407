// Tests.cs - the behaviours by both implementations, in this process: equal, or different as told.
//
// Happy path:  all of them by .NET's own sockets, then by Pendio's -> what each has noted is compared
//              with the table of differences.
// Failures:    one that fails; a difference the table does not have; one it has that is none any more.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading;

namespace Pendio.Program;

using Result = (string Name, int[] Numbers, string? Failure, Dictionary<string, string> Notes);

internal static class Tests
{
    /// <summary>What whoever makes the engines has set.</summary>
    internal static readonly AsyncLocal<int> Ambience = new();

    internal static int Run(int[] wanted)
    {
        List<Result> theirs = RunBy("system", wanted), ours = RunBy("pendio", wanted);
        var problems = new List<string>();
        int differences = 0;
        problems.AddRange(Failures(".NET's", theirs));
        problems.AddRange(Failures("Pendio's", ours));
        problems.AddRange(ErrorsThatDiffer());
        problems.AddRange(AmbienceOfEngines());
        problems.AddRange(Throwing.Problems());
        foreach ((Result their, Result our) in theirs.Zip(ours))
            differences += Compare(their, our, problems);
        foreach (string problem in problems)
            Console.WriteLine(problem);
        Console.WriteLine(
            $"{ours.Count} checks of {ours.SelectMany(one => one.Numbers).Distinct().Count()} behaviours " +
            $"by both: {problems.Count} problems, {differences} differences as the table has them");
        RemoveFolders();
        return problems.Count == 0 ? 0 : 1;
    }

    private static List<Result> RunBy(string implementation, int[] wanted)
    {
        var watch = Stopwatch.StartNew();
        MethodInfo run = Program.Load(implementation).GetType("Behaviours.Catalogue", throwOnError: true)!
            .GetMethod("Run")!;
        var results = (List<Result>)run.Invoke(null, [wanted])!;
        Console.WriteLine($"{implementation}: {watch.ElapsedMilliseconds} ms");
        return results;
    }

    private static IEnumerable<string> Failures(string whose, List<Result> results) =>
        from one in results
        where one.Failure != null
        select $"{whose} {one.Name} ({string.Join(", ", one.Numbers)}): {one.Failure}";

    /// <summary>A hook without an execution context has nobody's, not that of who made its engine.</summary>
    private static IEnumerable<string> AmbienceOfEngines()
    {
        int seen = 0;
        using var over = new ManualResetEventSlim();
        using var e = new Sockets.SocketAsyncEventArgs(unsafeSuppressExecutionContext: true);
        using var socket = new Sockets.Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, 9);
        e.Completed += (_, _) =>
        {
            seen = Ambience.Value;
            over.Set();
        };
        if (socket.SendAsync(e))
            over.Wait();
        if (seen != 0)
            yield return "a hook sees the ambience of who made its engine";
    }

    /// <summary>What .NET makes of each error of the system, Pendio makes of it, too.</summary>
    private static IEnumerable<string> ErrorsThatDiffer()
    {
        for (int error = 1; error < 134; error++)
        {
            Marshal.SetLastPInvokeError(error);
            SocketError there = new SocketException().SocketErrorCode;
            SocketError here = Sockets.Errors.ToSocketError(error);
            if (there != here)
                yield return $"errno {error}: {there} there, {here} here";
        }
    }

    private static int Compare(Result their, Result our, List<string> problems)
    {
        int differences = 0;
        foreach (string what in their.Notes.Keys.Union(our.Notes.Keys))
        {
            string there = their.Notes.GetValueOrDefault(what, "nothing");
            string here = our.Notes.GetValueOrDefault(what, "nothing");
            bool isKnown = Differences.Known.TryGetValue(what, out Difference? known);
            if (isKnown && there == known!.Theirs && here == known.Ours && there != here)
                differences++;
            else if (isKnown)
                problems.Add($"{our.Name}: the table says of \"{what}\": {known!.Theirs} there, " +
                             $"{known.Ours} here; found {there} and {here}");
            else if (there != here)
                problems.Add($"{our.Name}: {what}: {there} there, {here} here, and no reason is known");
        }
        return differences;
    }

    private static void RemoveFolders()
    {
        foreach (string implementation in new[] { "system", "pendio" })
            Program.Load(implementation).GetType("Behaviours.Make")!.GetMethod("RemoveFolder")!.Invoke(null, []);
    }
}
