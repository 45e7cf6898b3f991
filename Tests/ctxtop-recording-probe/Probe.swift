// Writes recordings of a day in a minute, measures how fast they are read, and damages them as often as it is told to.
// What it found is one JSON object on standard output; a record that should not have been shown is one line on standard
// error, and status 1. Built with optimisation: what it does, it does 100,000 times.
//
//   day FILE RECORDS WORKERS UNITS PEAK writes a recording of a day; -> bytes, raw bytes, seconds
//   list FILE                           -> what is in it
//   raw FILE                            the records as they are, on standard output
//   read FILE TRIES                     -> ms to open and have the latest snapshots, and to seek anywhere, for each try
//   cuts FILE                           cuts a new recording at every byte of its last 64 KiB
//   flips FILE COUNT SEED               flips one bit of a new recording, so many times
//   splices FILE COUNT SEED             inserts, deletes, copies and overwrites bytes, so many times

import CtxtopRandomKit
import CtxtopSnapshot
import CtxtopStore
import Glibc

@main
enum Probe {
  static func main() throws {
    let words = Array(CommandLine.arguments.dropFirst())
    guard words.count >= 2 else { exit(64) }
    let numbers = words.dropFirst(2).map { Int($0) ?? 0 }
    let path = words[1]
    switch (words[0], numbers.count) {
    case ("day", 4): try day(path, numbers[0], workers: numbers[1], units: numbers[2], peak: numbers[3])
    case ("list", 0): try list(path)
    case ("raw", 0): try raw(path)
    case ("read", 1): try read(path, tries: numbers[0])
    case ("cuts", 0): try Damage(path, records: 150, workers: 2, units: 8).cuts()
    case ("flips", 2): try Damage(path, records: 120).flips(numbers[0], seed: UInt64(numbers[1]))
    case ("splices", 2): try Damage(path, records: 120).splices(numbers[0], seed: UInt64(numbers[1]))
    default: exit(64)
    }
  }

  /// So many records, from all hours of the day alike.
  private static func day(_ path: String, _ records: Int, workers: Int, units: Int, peak: Int) throws {
    var service = SyntheticService(workers: workers, units: units, peak: Double(peak))
    let writer = try RecordingWriter(path: path, service: "shop", host: "prod-3")
    var raw = 0
    var seconds = (made: 0.0, written: 0.0)
    for index in 0..<records {
      let began = System.monotonicTime()
      service.advance(hour: 24 * Double(index) / Double(records))
      let record = RecordEncoder.encode(service.snapshot)
      let made = System.monotonicTime()
      raw += record.count
      var summary = RecordSummary()
      summary.leakedContexts = UInt32(service.snapshot.workers.reduce(0) { $0 + $1.counters.contextsLeaked })
      try writer.append(record, summary: summary)
      seconds.made += Double(made - began) / 1e9
      seconds.written += Double(System.monotonicTime() - made) / 1e9
    }
    try writer.close()
    print(
      "{\"bytes\": \(writer.byteCount), \"raw\": \(raw), \"making\": \(seconds.made), \"writing\": \(seconds.written)}")
  }

  private static func read(_ path: String, tries: Int) throws {
    var dice = Dice(state: 1)
    var opened: [Double] = []
    var sought: [Double] = []
    var reader = try RecordingReader(path: path)
    for _ in 0..<tries {
      opened.append(
        try milliseconds {
          reader = try RecordingReader(path: path)
          try show(reader, reader.entries.count - 1)
        })
    }
    for _ in 0..<tries {
      let index = Int(dice.number(below: UInt64(reader.entries.count)))
      sought.append(try milliseconds { try show(reader, index) })
    }
    print("{\"records\": \(reader.entries.count), \"open\": \(opened), \"seek\": \(sought)}")
  }

  private static func list(_ path: String) throws {
    let reader = try RecordingReader(path: path)
    let gaps = reader.gaps.map {
      "{\"before\": \($0.before), \"since\": \($0.since), \"until\": \($0.until), \"reason\": \"\($0.reason)\"}"
    }
    let damage = reader.damage.map { "\"\($0)\"" }
    let bytes = try System.head(of: path, limit: Int(reader.byteCount) + 4096)
    // As RecordingHead says: the place of the latest index.
    let isIndexed = bytes[48..<64].contains { $0 != 0 }
    print(
      """
      {"service": "\(reader.service)", "host": "\(reader.host)", "records": \(reader.entries.count), \
      "gaps": [\(gaps.joined(separator: ", "))], "damage": [\(damage.joined(separator: ", "))], \
      "indexed": \(isIndexed), "rest": \(bytes.count - Int(reader.byteCount))}
      """)
  }

  private static func raw(_ path: String) throws {
    let reader = try RecordingReader(path: path)
    for index in reader.entries.indices { try System.write(STDOUT_FILENO, reader.record(at: index)) }
  }

  /// What a frame needs: the snapshot and the one before it.
  private static func show(_ reader: RecordingReader, _ index: Int) throws {
    _ = try reader.snapshot(at: index)
    if let before = reader.predecessor(of: index) { _ = try reader.snapshot(at: before) }
  }

  private static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let began = System.monotonicTime()
    try body()
    return Double(System.monotonicTime() - began) / 1e6
  }
}
