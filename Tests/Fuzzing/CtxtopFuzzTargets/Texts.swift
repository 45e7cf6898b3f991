// Texts: a file of settings, documents, and what stands on a command line or is typed into a prompt.

import CtxtopModel
import CtxtopPattern
import CtxtopReport
import CtxtopSelection
import CtxtopSettings
import CtxtopSnapshot
import CtxtopStore

extension FuzzTarget {
  /// A file, and behind a byte of zero a value that every variable of the environment has.
  static let settings = FuzzTarget(name: "settings", summary: "files of settings", longest: 4096) { bytes in
    let file = Array(bytes.prefix { $0 != 0 })
    let value = String(decoding: bytes.dropFirst(file.count + 1), as: UTF8.self)
    var reader = SettingsReader()
    reader.readFile(file, at: "ctxtop.toml")
    reader.readEnvironment { _ in value.isEmpty ? nil : value }
    demand(reader.settings.meters.warning <= reader.settings.meters.critical, "a meter that never warns")
    for mistake in reader.mistakes { demand(!mistake.text.contains("\n"), "a mistake in two lines") }
  }

  /// JSON of schema 1. What was read is printed, and read again.
  static let document = FuzzTarget(name: "document", summary: "JSON documents", longest: 1 << 14) { bytes in
    _ = SnapshotDocument.wallTime(bytes)
    guard let document = try? SnapshotDocument(bytes) else { return }
    let printed = Report.json(document.model)
    let again = try? SnapshotDocument(printed)
    demand(again != nil, "what was printed cannot be read")
    if let again { demand(Report.json(again.model) == printed, "what was printed is printed differently") }
  }

  /// One text as everything that a command line may hold.
  static let arguments = FuzzTarget(
    name: "arguments", summary: "targets, moments, thresholds, columns", longest: 300
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    _ = try? Target(text)
    if let remote = try? RemoteTarget(RemoteTarget.scheme + text) {
      demand(
        !remote.account.host.hasPrefix("-") && !remote.name.contains("\n"), "an option or a line in \(remote.name)")
    }
    if let moment = TimeReference(text) {
      for last: UInt64 in [0, 1, 1_795_338_000_000_000_000, .max] { _ = moment.wallTime(first: last / 2, last: last) }
    }
    _ = TimeReference.timestamp(text)
    _ = CheckRange(text)?.text
    _ = CheckRange(text, number: CheckRange.seconds)?.text
    _ = try? CheckThresholds(text)
    for table in ReportTable.allCases {
      let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      _ = try? TableSelection(columns: words, filter: text, sort: text, among: table.columns)
    }
  }

  /// A pattern, and behind its line texts that it is tried on.
  static let filter = FuzzTarget(name: "filter", summary: "regular expressions", longest: 600) { bytes in
    var input = Input(bytes)
    let text = String(decoding: input.line(), as: UTF8.self)
    guard let pattern = try? Pattern(text, columns: ["pid", "state"]) else { return }
    pattern.beginPass()
    let subject = String(decoding: input.rest, as: UTF8.self)
    _ = pattern.accepts([subject, String(repeating: "a", count: 40), text])
    _ = pattern.didHitLimit
  }
}
