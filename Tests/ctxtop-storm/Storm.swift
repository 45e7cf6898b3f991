// What takes millions of rounds: run for a moment by the tests, and for as long as one likes by hand (Tests/storm).
//
//   decoders COUNT [SEED]   so many false records and segments through the decoders      Decoders.swift
//   events COUNT            so many events from 8 threads in each of 4 processes         Events.swift
//   changes SECONDS         the change count, its writers killed in the middle           Changes.swift
//
// Each prints its figures as one JSON object. What must not be is one line on standard error, and status 1.

import Glibc

@main
enum Storm {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    let numbers = words.dropFirst().compactMap { UInt64($0) }
    guard numbers.count == words.count - 1 else { usage() }
    switch (words.first, numbers.count) {
    case ("decoders", 1...2): Decoders(count: numbers[0], seed: numbers.count == 2 ? numbers[1] : 1).run()
    case ("events", 1): Events(count: numbers[0]).run()
    case ("changes", 1): Changes(seconds: numbers[0]).run()
    case ("change", 1): Changes.change(Int(numbers[0]))
    default: usage()
    }
  }

  /// Ends the program: something is not as it must be.
  static func fail(_ line: String) -> Never {
    write("storm: \(line)\n", to: STDERR_FILENO)
    exit(1)
  }

  private static func usage() -> Never {
    write("usage: ctxtop-storm decoders COUNT [SEED] | events COUNT | changes SECONDS\n", to: STDERR_FILENO)
    exit(64)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(descriptor, bytes, bytes.count)
  }
}

/// A clock that only goes forwards.
enum Stopwatch {
  /// Seconds since the machine was started.
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
