// Writes recordings of a day in a minute, measures how fast they are read, and damages them as often as it is told to.
// What it found is one JSON object on standard output; a record that should not have been shown is one line on standard
// error, and status 1. Built with optimisation: what it does, it does 100,000 times.
//
//   day FILE RECORDS WORKERS UNITS      writes a recording; -> bytes, raw bytes, seconds
//   read FILE TRIES                     -> ms to open and have the latest snapshots, and to seek anywhere, for each try
//   cuts FILE                           cuts a new recording at every byte of its last 64 KiB
//   flips FILE COUNT SEED               flips one bit of a new recording, so many times
//   splices FILE COUNT SEED             inserts, deletes, copies and overwrites bytes, so many times

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
    case ("day", 3): try day(path, records: numbers[0], workers: numbers[1], units: numbers[2])
    case ("read", 1): try read(path, tries: numbers[0])
    case ("cuts", 0): try Damage(path, records: 420).cuts()
    case ("flips", 2): try Damage(path, records: 150).flips(numbers[0], seed: UInt64(numbers[1]))
    case ("splices", 2): try Damage(path, records: 150).splices(numbers[0], seed: UInt64(numbers[1]))
    default: exit(64)
    }
  }

  private static func day(_ path: String, records: Int, workers: Int, units: Int) throws {
    var service = SyntheticService(workers: workers, units: units)
    let writer = try RecordingWriter(path: path, service: "shop", host: "prod-3")
    var raw = 0
    var seconds = (made: 0.0, written: 0.0)
    let dump = getenv("DUMP") != nil ? open("/dev/shm/recording/raw", O_WRONLY | O_CREAT | O_TRUNC, 0o600) : -1
    let skip = Int(getenv("SKIP").map { String(cString: $0) } ?? "0")!
    for _ in 0..<skip { service.skip() }
    for _ in 0..<records {
      let began = System.monotonicTime()
      service.advance()
      let record = RecordEncoder.encode(service.snapshot)
      let made = System.monotonicTime()
      raw += record.count
      if dump >= 0 { _ = write(dump, record, record.count) }
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
