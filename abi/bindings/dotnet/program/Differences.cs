// Differences.cs - where Pendio's sockets are not as .NET's, and why. What is noted here and is no
// difference any more fails the tests.
using System.Collections.Generic;

namespace Pendio.Program;

internal sealed record Difference(string Theirs, string Ours, string Why);

internal static class Differences
{
    internal static readonly Dictionary<string, Difference> Known = new()
    {
        ["the hook runs on a thread of the pool"] = new(
            "True", "False", "Completed is raised on the engine's thread, without a change of threads"),
        ["another operation completes while a hook blocks"] = new(
            "True", "False", "the engine's thread is the one that is blocked"),
        ["a receive with data there, of a thread of the program, answers"] = new(
            "False", "True", "starts of other threads go through the engine, so they are pending"),
        ["IPv6 only sends to IPv4: answer"] = new(
            "done", "pending", "starts of other threads go through the engine, so they are pending"),
        ["a message into a buffer that was set after a list"] = new(
            "0", "8", ".NET goes on with the list, which is empty: its ReceiveMessageFromAsync forgets"),
        ["accept into a closed socket"] = new(
            "Success", "OperationAborted", "nobody could use or close that connection"),
        ["sent of the list that was, another being refused"] = new(
            "3", "1 2", "what is refused changes nothing"),
    };
}
