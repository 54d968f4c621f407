// Behaviour.cs - what behaviours are: methods with the numbers they stand for, and what they note.
//
// Happy path:  each runs on a thread of its own -> it checks what must be so for everybody, and notes
//              what may differ; the notes of two implementations are compared by whoever runs them.
// Failures:    an exception is the failure of that behaviour; so is one that does not end in time.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading;

namespace Behaviours;

/// <summary>Numbers of the behaviours a method checks.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BehaviourAttribute(params int[] numbers) : Attribute
{
    public int[] Numbers { get; } = numbers;
}

/// <summary>All of this assembly, told in types that all assemblies share.</summary>
public static class Catalogue
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    /// <summary>Name, numbers, failure, and what was noted.</summary>
    public static List<(string, int[], string?, Dictionary<string, string>)> Run(int[] wanted)
    {
        var results = new List<(string, int[], string?, Dictionary<string, string>)>();
        foreach (MethodInfo method in All())
        {
            int[] numbers = method.GetCustomAttribute<BehaviourAttribute>()!.Numbers;
            if (wanted.Length > 0 && !wanted.Intersect(numbers).Any())
                continue;
            Dictionary<string, string> notes = Check.NewNotes();
            var watch = Stopwatch.StartNew();
            results.Add((method.Name, numbers, Try(method), notes));
            if (watch.ElapsedMilliseconds > 1000)
                Console.WriteLine($"    {method.Name}: {watch.ElapsedMilliseconds} ms");
        }
        return results;
    }

    private static IEnumerable<MethodInfo> All() =>
        from type in typeof(Catalogue).Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
        where method.IsDefined(typeof(BehaviourAttribute))
        orderby method.GetCustomAttribute<BehaviourAttribute>()!.Numbers[0], method.Name
        select method;

    private static string? Try(MethodInfo method)
    {
        string? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                method.Invoke(null, null);
            }
            catch (TargetInvocationException thrown)
            {
                failure = thrown.InnerException!.ToString();
            }
        })
        { IsBackground = true };
        thread.Start();
        return thread.Join(patience) ? failure : "it does not end";
    }
}

internal sealed class Unexpected(string what) : Exception(what);

internal static class Check
{
    private static Dictionary<string, string> notes = [];

    internal static Dictionary<string, string> NewNotes() => notes = [];

    /// <summary>What may differ between implementations.</summary>
    internal static void Note(string what, object? value)
    {
        lock (notes)
            notes[what] = value?.ToString() ?? "null";
    }

    internal static void True(bool isSo, string what)
    {
        if (!isSo)
            throw new Unexpected(what);
    }

    internal static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new Unexpected($"{what}: expected {expected}, found {actual}");
    }

    internal static void Bytes(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        if (!expected.SequenceEqual(actual))
            throw new Unexpected($"{what}: other bytes");
    }

    internal static T Throws<T>(Action action, string what, string? parameter = null)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T thrown) when (thrown.GetType() == typeof(T))
        {
            if (parameter != null)
                Equal(parameter, (thrown as ArgumentException)?.ParamName, what);
            return thrown;
        }
        catch (Exception thrown)
        {
            throw new Unexpected($"{what}: expected {typeof(T).Name}, thrown {thrown}");
        }
        throw new Unexpected($"{what}: expected {typeof(T).Name}, nothing was thrown");
    }

    /// <summary>Soon, or never: for what no event tells.</summary>
    internal static void Soon(Func<bool> isSo, string what)
    {
        long until = Environment.TickCount64 + 10000;
        while (!isSo())
        {
            True(Environment.TickCount64 < until, what);
            Thread.Sleep(1);
        }
    }
}
