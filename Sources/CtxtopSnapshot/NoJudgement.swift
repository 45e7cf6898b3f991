// What stands for Values/Judgement.swift in the guest: the exporter judges nothing. Types without values tell the
// compiler so, and it leaves out all that prints them.

#if hasFeature(Embedded)
  /// Conclusions about one snapshot: there are none.
  public enum Judgement: Sendable {}

  /// Conclusions about one worker: there are none.
  public enum JudgedWorker: Sendable {
    var state: String { switch self {} }
    var cpuPercent: Double? { switch self {} }
    var leaked: UInt64 { switch self {} }
    var units: [String] { switch self {} }
    var contexts: [[String]] { switch self {} }
    var connections: [String] { switch self {} }
  }
#endif
