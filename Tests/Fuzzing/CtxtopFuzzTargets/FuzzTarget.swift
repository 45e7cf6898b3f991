// What is fuzzed: everything that reads what somebody else wrote. One table; libFuzzer's program, its script and the
// tests that replay what it found all go by it.
//
//   Records.swift     record, stream, relay, judge   what an exporter says, and what becomes of it
//   Files.swift       segment, recording             files that others write
//   Requests.swift    request                        what clients say to an exporter
//   Texts.swift       settings, document, arguments, filter
//
// What must hold for each: it ends, it does not trap, and what `demand` says.

/// One reader of foreign bytes.
package struct FuzzTarget: Sendable {
  /// Its name, which is that of its folder of inputs, too.
  package let name: String
  /// What is read, in a few words.
  package let summary: String
  /// More bytes than this teach nothing new.
  package let longest: Int
  /// Reads an input.
  package let run: @Sendable ([UInt8]) -> Void

  /// All of them.
  package static let all: [FuzzTarget] = [
    .record, .stream, .relay, .judge, .segment, .recording, .request, .settings, .document, .arguments, .filter,
  ]

  package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// What must be true of whatever was read; ends the program, as a trap does, where it is not.
func demand(_ isTrue: Bool, _ what: @autoclosure () -> String) {
  if !isTrue { fatalError("fuzzing: \(what())") }
}

/// The parts of an input: bytes at its beginning decide what is done with the rest.
struct Input {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// 0 behind the end.
  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// Little-endian; zeros behind the end.
  mutating func number(bytes count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(byte()) << UInt64(8 * $1) }
  }

  /// So many bytes, or as many as are left.
  mutating func take(_ count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  /// What comes before a line's end; all that is left where there is none.
  mutating func line() -> [UInt8] {
    let line = rest.prefix { $0 != 10 }
    rest = rest.dropFirst(line.count + 1)
    return Array(line)
  }
}
