// The service's numbers over the last ten minutes.

import CtxtopModel
import CtxtopScreen

extension State {
  /// The charts as text.
  var chartText: [Line] {
    let size = panelContent
    let charts = ServiceNumber.allCases.map { number in
      NumberChart(
        label: number.label, values: self.charts.values(of: number), earlier: self.charts.service.firstKept,
        timeline: self.charts.timeline, interval: pace, role: number.role)
    }
    let grid = ChartGrid(charts: charts, width: size.width)
    // As high as lets all be seen at once, if that leaves enough of each.
    let height = min(max(size.height / grid.rows, 6), 12)
    return grid.lines(height: height, look: look)
  }

  /// `600 snapshots, 10m at 1.0s`: what the charts can hold, and what they hold.
  var chartNote: String {
    if wantedPast != nil { return "reading the records before this one" }
    let kept = charts.service.count
    let whole = UInt64(Series.capacity) * UInt64(pace) * 1_000_000
    return "keeps \(Format.uptime(whole)) at \(Interval.text(pace)), has "
      + Format.uptime(charts.timeline.age(back: max(0, kept - 1), interval: pace))
  }
}

extension Series {
  /// How many snapshots there were before the first that is kept.
  var firstKept: Int { recorded - count }
}

extension ServiceNumber {
  /// How its columns look: what is bad news is no green hill.
  var role: Role {
    switch self {
    case .leaked: .critical
    case .errors, .reused, .teardownFailures: .warning
    case .requests, .p50, .p99, .inFlight, .contexts, .connections, .workers: .chart
    }
  }
}
