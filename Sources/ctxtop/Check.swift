// `ctxtop check`: a plugin for monitoring systems that keep to the conventions of Nagios.

import ArgumentParser
import CtxtopModel
import CtxtopReport
import CtxtopSelection
import CtxtopSnapshot
import CtxtopStore

/// Holds an app against thresholds.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check an app against thresholds, as a plugin for Nagios, Icinga and others.",
    discussion: """
      Prints one line with performance data. The status is 0 for OK, 1 for WARNING, 2 for CRITICAL and 3 for UNKNOWN, \
      which is also what it is when the app cannot be asked, when the command line is wrong, or when a value is not \
      known that a threshold is for.

      A list of thresholds is NAME=RANGE,NAME=RANGE,... As everywhere, 10 alerts beyond 0 to 10, 10: below 10, ~:10 \
      above 10, 10:20 outside of 10 to 20, and @10:20 inside of it: leaked=0 alerts as soon as one context leaks. Where \
      neither -w nor -c is given, it is -w \(CheckThresholds.usual.warning) -c \(CheckThresholds.usual.critical).

      THRESHOLDS:
      \(names)

      Failures per minute are those of the last minute. Where the records of the failures do not tell (one began \
      earlier and goes on), a recording's counters do; a running app is watched for as long as --window says.

      EXAMPLES:
        ctxtop check
        ctxtop check shop -w leaked=0,oldest=60s -c leaked=5,oldest=10m
        ctxtop check shop -c CTX004=0,CTX001=0,wedged=0
        ctxtop check shop -w failures=2 -c failures=20 --window 30 --timeout 40
        ctxtop check shop.ctxtop --at 09:04
      """)

  @OptionGroup var subject: SubjectArguments

  @Option(name: [.short, .long], help: ArgumentHelp("What is a warning.", valueName: Self.listValue))
  var warning: String?

  @Option(name: [.short, .long], help: ArgumentHelp("What is critical.", valueName: Self.listValue))
  var critical: String?

  @Option(
    help: "Seconds to watch a running app for. (default: two passes, a fifth of a second apart)",
    transform: Seconds.read)
  var window: Seconds?

  @Option(
    name: [.short, .long], help: "Seconds after which it ends with UNKNOWN. (default: 10)", transform: Seconds.read)
  var timeout: Seconds = Seconds(10)

  @Flag(name: [.short, .long], help: "Print what is known behind the line: verdicts and values, a line each.")
  var verbose = false

  /// What the value of -w and -c is called: completions know it by this name.
  static let listValue = "list"

  private static let names =
    CheckMetric.all.filter { VerdictCode(rawValue: $0.name) == nil }.map { metric in
      "  \(metric.name.padded(to: 13))\(metric.meaning)"
    }.joined(separator: "\n") + "\n  \("CTX001, ...".padded(to: 13))verdicts of a code: `ctxtop help verdicts`"

  /// The thresholds; the usual ones where none are given.
  private func thresholds() throws -> (warning: CheckThresholds, critical: CheckThresholds) {
    let usual = warning == nil && critical == nil
    let lists: (String?, String?) =
      usual ? (CheckThresholds.usual.warning, CheckThresholds.usual.critical) : (warning, critical)
    do throws(CheckThresholds.Mistake) {
      return (
        try lists.0.map { text throws(CheckThresholds.Mistake) in try CheckThresholds(text) } ?? CheckThresholds(),
        try lists.1.map { text throws(CheckThresholds.Mistake) in try CheckThresholds(text) } ?? CheckThresholds()
      )
    } catch {
      throw ValidationError(error.text)
    }
  }

  func validate() throws {
    _ = try thresholds()
    if let window, window.nanoseconds >= timeout.nanoseconds {
      throw ValidationError("--window \(window.text) needs a longer --timeout than \(timeout.text) s")
    }
  }

  func run() throws {
    Alarm.set(timeout.nanoseconds, "no answer within \(timeout.text) s")
    let facts = try CheckSubject(subject, window: window?.nanoseconds).facts()
    let thresholds = try thresholds()
    let result = CheckResult(facts, warning: thresholds.warning, critical: thresholds.critical)
    Alarm.clear()
    do {
      try StandardOutput.write(Array(CheckReport.text(result, isVerbose: verbose).utf8))
    } catch is ReaderIsGone {}
    throw Answer(status: result.status.exitStatus)
  }
}

extension CheckThresholds.Mistake {
  /// What is wrong with a list.
  fileprivate var text: String {
    switch self {
    case .form(let part): "'\(part)' is no threshold: write NAME=RANGE"
    case .name(let name):
      "there is no '\(name)' to check"
        + (Nearest.of(name, among: CheckMetric.all.map(\.name)).map { ": is it \($0)?" } ?? "")
    case .range(let words, let metric):
      "'\(words)' is no range for \(metric.name): write 10, 10:, ~:10, 10:20 or @10:20"
        + (metric.isTime ? ", with a unit as in 60s, 5m or 1h" : "")
    case .twice(let name): "\(name) is given twice in one list"
    }
  }
}

extension CheckStatus {
  fileprivate var exitStatus: ExitStatus {
    switch self {
    case .ok: .ok
    case .warning: .warning
    case .critical: .critical
    case .unknown: .unknown
    }
  }
}
