// Whether an app is as it should be: thresholds against facts. The conventions are those of the monitoring plugins.
//
//   CheckRange.swift    the notation of ranges
//   CheckMetric.swift   what can have thresholds: one table
//   FailureRate.swift   teardown failures per minute, as far as they are known

/// How an app is.
package enum CheckStatus: Int32, Sendable, CaseIterable {
  case ok, warning, critical, unknown

  /// What it is called in the first line.
  package var name: String {
    switch self {
    case .ok: "OK"
    case .warning: "WARNING"
    case .critical: "CRITICAL"
    case .unknown: "UNKNOWN"
    }
  }

  /// The worst comes first; what is not known comes before what is well.
  fileprivate var rank: Int {
    switch self {
    case .critical: 0
    case .warning: 1
    case .unknown: 2
    case .ok: 3
    }
  }
}

/// Thresholds of one level: `leaked=0,oldest=5m`.
package struct CheckThresholds: Sendable {
  /// Each metric's range.
  package let ranges: [(metric: CheckMetric, range: CheckRange)]

  /// Why a list of thresholds cannot be read.
  package enum Mistake: Error, Equatable {
    case form(String), name(String), range(String, CheckMetricName), twice(String)
  }

  /// No thresholds.
  package init() { ranges = [] }

  /// Reads a list.
  package init(_ text: String) throws(Mistake) {
    var ranges: [(metric: CheckMetric, range: CheckRange)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let sign = part.firstIndex(of: "=") else { throw .form(String(part)) }
      guard let metric = CheckMetric.named(part[..<sign]) else { throw .name(String(part[..<sign])) }
      let words = part[part.index(after: sign)...]
      guard let range = metric.range(words) else { throw .range(String(words), CheckMetricName(metric)) }
      if ranges.contains(where: { $0.metric.name == metric.name }) { throw .twice(metric.name) }
      ranges.append((metric, range))
    }
    self.ranges = ranges
  }

  /// The range of a metric; nil: it has none.
  package func range(of metric: CheckMetric) -> CheckRange? { ranges.first { $0.metric.name == metric.name }?.range }
}

extension CheckThresholds {
  /// What holds where nobody says otherwise, as it would be written.
  package static let usual = (
    warning: "warning=0,dead=0", critical: "critical=0,wedged=0,workers=1:"
  )
}

/// A metric, as an error names it.
package struct CheckMetricName: Equatable, Sendable {
  package let name: String
  package let isTime: Bool

  init(_ metric: CheckMetric) {
    name = metric.name
    isTime = metric.isTime
  }
}

/// What came of a check.
package struct CheckResult: Sendable {
  /// A threshold that alerts, or of which nobody can tell whether it does.
  package struct Alert: Sendable {
    package let status: CheckStatus
    package let metric: CheckMetric
    package let value: CheckValue
    /// The range, and the level that it is of.
    package let range: CheckRange
    package let level: CheckStatus
  }

  /// What was checked.
  package let facts: CheckFacts
  /// The thresholds.
  package let warning: CheckThresholds
  package let critical: CheckThresholds
  /// All that alerts, the worst first.
  package let alerts: [Alert]
  /// The status of all of it.
  package var status: CheckStatus { alerts.first?.status ?? .ok }

  /// Holds facts against thresholds.
  package init(_ facts: CheckFacts, warning: CheckThresholds, critical: CheckThresholds) {
    self.facts = facts
    self.warning = warning
    self.critical = critical
    alerts = CheckMetric.all.compactMap { metric in
      Self.alert(metric, facts, warning: warning.range(of: metric), critical: critical.range(of: metric))
    }.enumerated().sorted {
      ($0.element.status.rank, $0.offset) < ($1.element.status.rank, $1.offset)
    }.map(\.element)
  }

  /// What alerts for certain comes before what may.
  private static func alert(
    _ metric: CheckMetric, _ facts: CheckFacts, warning: CheckRange?, critical: CheckRange?
  ) -> Alert? {
    guard warning != nil || critical != nil else { return nil }
    let value = metric.value(facts)
    let levels: [(CheckStatus, CheckRange?)] = [(.critical, critical), (.warning, warning)]
    for (level, range) in levels {
      guard let range, range.alerts(value) == true else { continue }
      return Alert(status: level, metric: metric, value: value, range: range, level: level)
    }
    for (level, range) in levels {
      guard let range, range.alerts(value) == nil else { continue }
      return Alert(status: .unknown, metric: metric, value: value, range: range, level: level)
    }
    return nil
  }
}
