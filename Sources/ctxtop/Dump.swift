// `ctxtop dump`: what the dashboard would show, as data or text.

import ArgumentParser
import CtxtopModel
import CtxtopReport
import CtxtopStore

/// Prints snapshots.
struct Dump: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what the dashboard would show: JSON, CSV or text.",
    discussion: """
      Takes two passes over the workers, so that rates are known and verdicts are confirmed. With -n, one \
      snapshot follows the other; JSON is then one document a line. A file given with -o is replaced as a whole \
      by a single snapshot, and written as they come by several.

      EXAMPLES:
        ctxtop dump
        ctxtop dump shop --format json -o shop.json
        ctxtop dump shop --format ndjson -n 60 -i 1 -o shop.ndjson
        ctxtop dump shop --format csv --table failures
        ctxtop dump shop.ctxtop --at 09:04 --format json
      """)

  @OptionGroup var subject: SubjectArguments

  @Option(name: [.customShort("f"), .customLong("format")], help: "What to print.")
  var format: ReportFormat = .text

  @Option(help: "Which table to print as csv. (default: workers)")
  var table: ReportTable?

  @Option(name: [.customShort("n"), .customLong("count")], help: "How many snapshots.")
  var count: Count = Count(1)

  @Option(
    name: [.customShort("i"), .customLong("interval")],
    help: "Seconds between snapshots. (default: 1; in a file, as they are)")
  var interval: Seconds?

  @Option(name: [.customShort("o"), .customLong("output")], help: "Write to this file instead of standard output.")
  var output: String?

  func validate() throws {
    if table != nil && format != .csv {
      throw ValidationError("--table chooses what --format csv prints; \(format.rawValue) holds every table.")
    }
  }

  func run() throws {
    let series = Series(
      try subject.target.place(), at: subject.at, count: count.value, interval: interval?.nanoseconds)
    do {
      try write(series, to: output == "-" ? nil : output)
    } catch is ReaderIsGone {}
  }

  private func write(_ series: Series, to path: String?) throws {
    var isFirst = true
    func render(_ model: Model) -> [UInt8] {
      defer { isFirst = false }
      // Texts in a row are set apart by an empty line.
      let separator: [UInt8] = format == .text && !isFirst ? [10] : []
      return separator + Report.bytes(model, as: format, table: table ?? .workers, isFirst: isFirst)
    }
    guard let path else { return try series.run { try StandardOutput.write(render($0)) } }
    guard count.value > 1 else { return try series.run { try ResultFile.replace(path, with: render($0)) } }
    let file = try ResultFile.Series(path)
    try series.run { try file.append(render($0)) }
    try file.close()
  }
}
