// `ctxtop diff`: what changed between two moments of an app, and whether anything leaked.

import ArgumentParser
import CtxtopModel
import CtxtopReport
import CtxtopSnapshot
import CtxtopStore

/// Compares two moments.
struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare two moments of an app: what leaked, grew, appeared and vanished.",
    discussion: """
      The first line is the conclusion, made for the log of a CI job. The status is 0 where nothing leaked in between, \
      1 where something did or was not torn down, and 2 for trouble.

      FIRST and SECOND are files that `ctxtop dump -f json` or `ctxtop record` wrote, or an app, as it is now. A \
      recording alone is compared from its first moment to its last. --at chooses the moment of each recording; given \
      twice, the first one is that of FIRST, or the earlier one in a recording alone.

      Something has leaked when its owner has finished and it is still there: contexts, connections, sessions without \
      their context, and the locks of a worker that died; also when it has gone since with its worker. A teardown \
      function that raised, and a context that was dropped without its teardown, leak nothing that is known: they are \
      told as not torn down. What a worker held that was replaced is gone with it, and not repaired.

      EXAMPLES:
        ctxtop dump shop -f json -o before.json
        pytest tests/end_to_end
        ctxtop diff before.json shop      # against the app as it is now
        ctxtop diff shop.ctxtop           # from the first moment to the last
        ctxtop diff shop.ctxtop --at 09:00 --at 09:30
        ctxtop diff monday.json friday.json -f json
      """)

  @Argument(help: "A recording, JSON of `ctxtop dump`, or an app.")
  var first: String

  @Argument(help: "The same. Without it FIRST is a recording, which is compared with itself.")
  var second: String?

  @Option(
    // `-5m` is a value here.
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("The moment in a recording; may be given twice. As in `ctxtop dump`.", valueName: "time"),
    transform: TimeReference.read)
  var at: [TimeReference] = []

  @Option(name: [.customShort("f"), .customLong("format")], help: "What to print.")
  var format: DiffFormat = .text

  @Flag(help: "List also what is as it should be: contexts in use, connections in their pools.")
  var all = false

  @Flag(name: [.short, .long], help: "Print nothing: the status says it.")
  var quiet = false

  @Flag(help: "Only leaks count: what was not torn down is told, and the status is 0.")
  var leaksOnly = false

  @Flag(help: "Compare also two apps of different names.")
  var anyApp = false

  func validate() throws {
    if at.count > 2 { throw ValidationError("--at may be given twice, for two moments.") }
    if quiet && format == .json { throw ValidationError("--quiet prints nothing, and so no JSON either.") }
  }

  func run() throws {
    let difference = try Moments(first, second, at).difference(ofAnyApp: anyApp)
    do {
      if !quiet { try StandardOutput.write(bytes(difference)) }
    } catch is ReaderIsGone {}
    let isClean = !difference.hasLeaked && (leaksOnly || difference.failures.isEmpty)
    if isClean && !difference.isConfirmed {
      throw Failure(
        "comparing two moments",
        "the second one is known by one pass alone, which does not show what leaked just before it",
        "let the recording go on for another record", .badData)
    }
    throw Answer(status: isClean ? .nothingLeaked : .leaked)
  }

  private func bytes(_ difference: Difference) -> [UInt8] {
    switch format {
    case .text: Array(Report.text(difference, isWhole: all).utf8)
    case .json: Report.json(difference)
    }
  }
}

/// What a comparison is printed as.
enum DiffFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json
}
