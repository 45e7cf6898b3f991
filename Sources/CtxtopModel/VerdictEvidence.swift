// The order in which a verdict's evidence stands: that of its judge. JSON has no order, so who reads a verdict back
// finds it here.

import CtxtopSnapshot

extension VerdictCode {
  /// The keys that its judge gives, in order.
  var evidenceKeys: [String] {
    switch self {
    case .contextLeftBehind, .reusedContext:
      [
        "kind", "left_by", "endpoint", "frame", "thread", "native_thread", "app_depth", "requests_served", "unit_gone",
      ]
    case .teardownFailed:
      ["function", "location", "blueprint", "exception", "message", "request", "endpoint", "unit", "skipped"]
    case .connectionOutlivesContext: ["holder", "endpoint", "frame", "engine", "pool", "connections", "backend_pid"]
    case .orphanSession: ["holder", "endpoint", "scope", "in_transaction", "uncommitted_work", "inherited_by"]
    case .contextVanished: ["kind", "frame", "request", "endpoint"]
    case .connectionCrossedFork: ["holder", "endpoint", "frame", "engine", "connections", "backend_pid"]
    case .workerWedged: ["kernel_state", "in_flight", "listen_queue", "oldest_request"]
    case .diedHolding: ["resources", "resource_holder", "resource_frame", "connections", "contexts", "serving"]
    case .hazard: ["hazard"]
    }
  }

  /// Evidence in that order; what is not known follows by name.
  package func ordered(_ evidence: [Evidence]) -> [Evidence] {
    let keys = evidenceKeys
    func rank(_ one: Evidence) -> (Int, String) { (keys.firstIndex(of: one.key) ?? keys.count, one.key) }
    return evidence.sorted { rank($0) < rank($1) }
  }
}
