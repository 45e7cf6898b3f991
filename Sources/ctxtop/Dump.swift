// `ctxtop dump`: what the dashboard would show, as data or text.

import ArgumentParser
import CtxtopModel
import CtxtopReport
import CtxtopScreen
import CtxtopStore

/// Prints snapshots.
struct Dump: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what the dashboard would show: text, JSON, CSV or metrics.",
    discussion: """
      Takes two passes over the workers, so that rates are known and verdicts are confirmed.

      FORMATS:
        text        the tables of the screen, complete
        json        one document of the schema that --schema prints
        ndjson      the same, a line for each snapshot
        csv         one table, the snapshot's time in its first column
        prometheus  metrics in the text format of Prometheus
        recording   the records themselves, into the file of -o: for `ctxtop FILE`, diff and check

      With --table, text is that table alone, json an array of its rows, and ndjson a line for each row: column \
      names and raw values, null for what is not known. Times are UTC, durations nanoseconds. Columns, their order \
      and filters are those of the dashboard: `ctxtop help columns`.

      With -n, one snapshot follows the other. A file given with -o is replaced as a whole by a single snapshot, \
      and written as they come by several; metrics replace it each time.

      EXAMPLES:
        ctxtop dump
        ctxtop dump shop --format json -o shop.json
        ctxtop dump shop --format ndjson -n 60 -i 1 -o shop.ndjson
        ctxtop dump shop --format csv --table failures
        ctxtop dump shop.ctxtop --at 09:04 --format json
        ctxtop dump shop.ctxtop --at 09:00 -n 600 -f recording -o ten.ctxtop
        ctxtop dump shop --table connections --filter state:leaked --sort age
        ctxtop dump shop -f ndjson --table workers --columns pid,state,rss_bytes
        ctxtop dump shop --table workers --columns=-p50,-p99 --sort rss_bytes:desc
        ctxtop dump shop -f prometheus -o /var/lib/node-exporter/shop.prom
        ctxtop dump --schema > ctxtop.snapshot-1.json
      """)

  @OptionGroup var subject: SubjectArguments

  @Option(name: [.customShort("f"), .customLong("format")], help: "What to print.")
  var kind: DumpFormat = .report(.text)

  @OptionGroup var choice: TableOptions

  @Option(
    name: [.customShort("n"), .customLong("count")], help: "How many snapshots. (default: 1)", transform: Count.read)
  var count: Count = Count(1)

  @Option(
    name: [.customShort("i"), .customLong("interval")],
    help: "Seconds between snapshots. (default: 1; in a file, as they are)",
    transform: Seconds.read)
  var interval: Seconds?

  @Option(name: [.customShort("o"), .customLong("output")], help: "Write to this file instead of standard output.")
  var output: String?

  @Flag(help: "Print the JSON Schema of a snapshot, and end.")
  var schema = false

  func run() throws {
    do {
      if schema { return try write(Array(SnapshotSchema.text.utf8)) }
      guard case .report(let format) = kind else { return try record() }
      let request = try choice.request(as: format)
      if format == .prometheus, count.value > 1, path == nil {
        throw Failure(
          "reading -n", "metrics are one page, and one behind the other is none",
          "give a file with -o, which is replaced each time", .usage)
      }
      try write(series(), as: format, request)
    } catch is ReaderIsGone {}
  }

  private func series() throws -> Series {
    Series(try subject.target.place(), at: subject.at, count: count.value, interval: interval?.nanoseconds)
  }

  private func record() throws {
    try choice.refuse("a recording holds everything", "leave it out")
    guard let path else {
      throw Failure("recording", "a recording is a file", "say which with -o, as in -o shop.ctxtop", .usage)
    }
    try DumpedRecording.write(series(), to: path)
  }

  /// The file to write to; nil: standard output.
  private var path: String? { output == "-" ? nil : output }

  private func write(_ bytes: [UInt8]) throws {
    if let path { try ResultFile.replace(path, with: bytes) } else { try StandardOutput.write(bytes) }
  }

  private func write(_ series: Series, as format: ReportFormat, _ request: TableRequest?) throws {
    var isFirst = true
    func render(_ model: Model) throws -> [UInt8] {
      defer { isFirst = false }
      // Texts in a row are set apart by an empty line.
      let separator: [UInt8] = format == .text && !isFirst ? [10] : []
      let bytes = Report.bytes(model, as: format, request, isFirst: isFirst) { DisplayWidth.of($0) }
      try request?.checkFilter()
      return separator + bytes
    }
    guard let path, count.value > 1, format != .prometheus else { return try series.run { try write(render($0)) } }
    let file = try ResultFile.Series(path)
    try series.run { try file.append(render($0)) }
    try file.close()
  }
}
