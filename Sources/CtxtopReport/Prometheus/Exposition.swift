// Metrics in the text format of Prometheus, version 0.0.4. Without times: what is read is what is now, and a file of
// node_exporter's textfile collector may not have any.

internal import CtxtopModel

/// Writes metrics.
enum Exposition {
  /// A page of all metrics of a model that have a number in it.
  static func text(_ model: Model) -> String {
    Metric.all.map { metric in text(metric, metric.samples(model)) }.joined()
  }

  private static func text(_ metric: Metric, _ samples: [Sample]) -> String {
    if samples.isEmpty { return "" }
    var text = "# HELP \(metric.name) \(escaped(metric.help, quotes: false))\n"
    text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
    // Twice the same series spoils a whole page. No segment has two workers in one slot; a record that somebody made
    // up may.
    var seen: Set<String> = []
    for sample in samples {
      let labels = sample.labels.filter { !$0.value.isEmpty }.map { "\($0.name)=\"\(escaped($0.value))\"" }
      let series = "\(metric.name)\(sample.suffix){\(labels.joined(separator: ","))}"
      if seen.insert(series).inserted { text += "\(series) \(sample.number.text)\n" }
    }
    return text
  }

  /// What would end a value or a line is escaped; anything else may stand in it.
  private static func escaped(_ value: String, quotes: Bool = true) -> String {
    var text = String.UnicodeScalarView()
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": text.append(contentsOf: "\\n".unicodeScalars)
      case "\"" where quotes: text.append(contentsOf: "\\\"".unicodeScalars)
      default: text.append(scalar)
      }
    }
    return String(text)
  }
}
