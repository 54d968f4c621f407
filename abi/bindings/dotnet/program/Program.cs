// Program.cs - what this binding is tried with:
//
//     pendio_dotnet test [NUMBER...]                        behaviours, by both implementations
//     pendio_dotnet echo system|pendio tcp|unix PORT|PATH   an echo server
//     pendio_dotnet costs                                   what an operation allocates
//     pendio_dotnet compare [SECONDS]                       both echo servers before one client
//     pendio_dotnet throw                                   a handler that does; never returns
//     pendio_dotnet subject                                 a subject of harness/SUBJECT.md
using System;
using System.Globalization;
using System.Linq;
using System.Reflection;

namespace Pendio.Program;

internal static class Program
{
    private const int Skipped = 77;

    private static int Main(string[] words)
    {
        try
        {
            return Run(words);
        }
        catch (PlatformNotSupportedException lacking)
        {
            Console.WriteLine($"skipped: {lacking.Message}");
            return Skipped;
        }
    }

    private static int Run(string[] words)
    {
        string word = words.Length > 0 ? words[0] : "";
        if (word is "test" or "costs" or "compare")
        {
            Tests.Ambience.Value = 1; // is not the engine's
            Sockets.Engine.Count(); // makes the first one
        }
        switch (word)
        {
        case "echo" when words.Length == 4:
            return Echo(words[1], words[2], words[3]);
        case "throw":
            return Throwing.Run();
        case "subject":
            return Subject.Run();
        case "costs":
            return Costs.Run();
        case "compare":
            return Costs.Compare(words.Length > 1 ? double.Parse(words[1], CultureInfo.InvariantCulture) : 1);
        case "test":
            return Tests.Run([.. words.Skip(1).Select(each => int.Parse(each, CultureInfo.InvariantCulture))]);
        default:
            Console.Error.WriteLine("usage: pendio_dotnet test|costs|echo|compare|subject ...");
            return 2;
        }
    }

    private static int Echo(string implementation, string family, string place)
    {
        MethodInfo run = Load(implementation).GetType("Behaviours.EchoServer", throwOnError: true)!
            .GetMethod("Run")!;
        return (int)run.Invoke(null, [family, place])!;
    }

    /// <summary>The sources that both share, built for one of them.</summary>
    internal static Assembly Load(string implementation) =>
        Assembly.Load(implementation == "pendio" ? "Behaviours.Pendio" : "Behaviours.System");
}
