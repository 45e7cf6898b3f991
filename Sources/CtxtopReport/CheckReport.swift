// The answer of a monitoring plugin, as https://www.monitoring-plugins.org/doc/guidelines.html has it:
//
//   CTXTOP WARNING - shop: what is wrong | label=value;warn;crit;min ...
//
// One line, and others behind it only where they are asked for. A `|` divides, so that none may come from elsewhere.

package import CtxtopModel
import CtxtopSnapshot

/// Lines of a monitoring plugin.
package enum CheckReport {
  /// Longer messages are cut: they end up in mails and in columns of a table.
  private static let longest = 500

  /// What came of a check; with further lines if `isVerbose`.
  package static func text(_ result: CheckResult, isVerbose: Bool = false) -> String {
    let first = line(result.status, message(result)) + " | \(performanceData(result))\n"
    return isVerbose ? first + details(result) : first
  }

  /// The line for what could not be checked.
  package static func unknown(_ reason: String) -> String { line(.unknown, reason) + "\n" }

  private static func line(_ status: CheckStatus, _ message: String) -> String {
    let clean = cleaned(message)
    let cut = clean.count > longest ? clean.prefix(longest) + "..." : clean[...]
    return "CTXTOP \(status.name) - \(cut)"
  }

  /// Without what has a meaning in such a line, or on a terminal.
  private static func cleaned(_ text: String) -> String {
    String(Format.cleaned(text).map { $0 == "|" ? "/" : $0.isNewline ? " " : $0 })
  }

  // MARK: - Message

  private static func message(_ result: CheckResult) -> String {
    let model = result.facts.model
    let parts = result.alerts.isEmpty ? [summary(result.facts)] : result.alerts.map { sentence($0) } + [worst(result)]
    let moment = result.facts.isPast ? " at \(Format.screen(.time(model.now.wallTime)))Z" : ""
    return "\(model.now.service)\(moment): " + parts.filter { !$0.isEmpty }.joined(separator: "; ")
  }

  /// What is well, in numbers.
  private static func summary(_ facts: CheckFacts) -> String {
    let workers = Format.count(UInt64(facts.model.totals.workers), "worker", "workers")
    let named = ["leaked", "connections", "sessions", "failures", "oldest"].compactMap { CheckMetric.named($0) }
    return ([workers] + named.map { "\($0.name) \(text($0.value(facts), $0))" }).joined(separator: ", ")
  }

  private static func sentence(_ alert: CheckResult.Alert) -> String {
    let range = "\(alert.level == .critical ? "critical" : "warning") \(text(alert.range, alert.metric))"
    if alert.status != .unknown { return "\(alert.metric.name) is \(text(alert.value, alert.metric)) (\(range))" }
    var sentence = "\(alert.metric.name) is not known (\(range)): \(text(alert.value, alert.metric))"
    if alert.metric.name == "failures" { sentence += ", counted with --window" }
    return sentence
  }

  private static func text(_ value: CheckValue, _ metric: CheckMetric) -> String {
    func one(_ value: Double) -> String { CheckRange.text(value) + (metric.isTime ? "s" : "") }
    if let known = value.known { return one(known) }
    guard let high = value.high else { return "at least \(one(value.low))" }
    return "\(one(value.low)) to \(one(high))"
  }

  /// A range as it is written on a command line.
  private static func text(_ range: CheckRange, _ metric: CheckMetric) -> String {
    guard metric.isTime else { return range.text }
    let ends = range.text.split(separator: ":", omittingEmptySubsequences: false)
    return ends.map { $0.last?.isNumber == true ? "\($0)s" : String($0) }.joined(separator: ":")
  }

  /// The worst verdict, where there is something wrong that verdicts speak of.
  private static func worst(_ result: CheckResult) -> String {
    guard let verdict = result.facts.model.verdicts.first, verdict.severity != .notice else { return "" }
    let rest = result.facts.model.verdicts.count - 1
    return "\(verdict.code.rawValue) \(verdict.message)"
      + (rest > 0 ? "; and \(Format.count(UInt64(rest), "other verdict", "other verdicts"))" : "")
  }

  private static func details(_ result: CheckResult) -> String {
    let model = result.facts.model
    let values = CheckMetric.all.filter { isShown($0, result) }.map { metric in
      "\(metric.name) \(text(metric.value(result.facts), metric)): \(metric.meaning)"
    }
    let verdicts = model.verdicts.map { "\($0.code.rawValue) \($0.severity.rawValue): \($0.message)" }
    return (verdicts + values).map { cleaned($0) + "\n" }.joined()
  }

  // MARK: - Performance data

  private static func isShown(_ metric: CheckMetric, _ result: CheckResult) -> Bool {
    metric.isUsual || result.warning.range(of: metric) != nil || result.critical.range(of: metric) != nil
  }

  private static func performanceData(_ result: CheckResult) -> String {
    let values = CheckMetric.all.filter { isShown($0, result) }.map { metric in
      let value = metric.value(result.facts).known.map { CheckRange.text($0) + (metric.isTime ? "s" : "") } ?? "U"
      let ranges = [result.warning, result.critical].map { $0.range(of: metric)?.text ?? "" }
      return "\(metric.name)=\(value);\(ranges[0]);\(ranges[1]);0"
    }
    let totals = result.facts.model.totals
    let counters = [
      ("requests", totals.requests), ("requests_on_reused", totals.contextsReused),
      ("teardown_failures", totals.teardownFailures), ("events_dropped", totals.dropped),
    ]
    return (values + counters.map { "\($0.0)=\($0.1)c;;;0" }).joined(separator: " ")
  }
}
