// The table of units: what each thread is serving right now.

import CtxtopSnapshot

extension Table where Row == UnitRow {
  /// The table of units.
  package static var units: Table<UnitRow> {
    Table(name: "units", title: "Units", columns: identity + current + stack + numbers)
  }

  private static var identity: [Column<UnitRow>] {
    [
      .target { $0.worker.target },
      Column("pid", "PID", "process id of the worker", width: 7, isDescending: false) {
        .identifier(Int64($0.worker.pid))
      },
      Column("unit", "UNIT", "number of the unit in its worker", width: 4, isDescending: false) {
        .identifier(Int64($0.unit.id))
      },
      Column(
        "kind", "KIND", "thread, greenlet or task", alignment: .left, width: 8, isDescending: false
      ) {
        .text($0.unit.kind.name)
      },
      Column("state", "STATE", "state of the unit", alignment: .left, width: 10) {
        let state = $0.state
        return .state(state.rawValue, state.level)
      },
    ]
  }

  private static var current: [Column<UnitRow>] {
    [
      Column(
        "request", "REQUEST", "the request being served", alignment: .left, width: 16, weight: 2, isDescending: false
      ) {
        ($0.unit.request?.label).map { .text($0.text) } ?? .unknown
      },
      Column("request_age", "AGE", "for how long it has been served", unit: "ns", width: 6) {
        $0.requestAge.map { .duration($0) } ?? .unknown
      },
    ]
  }

  private static var stack: [Column<UnitRow>] {
    [
      Column("depth_app", "APP", "app contexts on its stack", width: 3) { .integer($0.unit.appDepth) },
      Column("depth_request", "REQ", "request contexts on its stack", width: 3) { .integer($0.unit.requestDepth) },
      Column("reused", "REUSED", "requests that ran on an app context which they did not push", width: 6) {
        .integer($0.unit.reused)
      },
    ]
  }

  private static var numbers: [Column<UnitRow>] {
    [
      Column("requests", "REQUESTS", "requests begun on it", width: 8) {
        .integer($0.unit.requests)
      },
      Column("requests_per_second", "REQ/S", "requests begun per second", unit: "1/s", width: 5) {
        $0.requestsPerSecond.map { .real($0) } ?? .unknown
      },
      Column("last_event_age", "LAST", "time since anything happened on it", unit: "ns", width: 6) {
        $0.unit.lastEvent > 0 ? .age($0.model.now.age(of: $0.unit.lastEvent)) : .unknown
      },
      Column(
        "native_id", "TID", "the kernel's id of the thread, or of the thread that carries it", width: 7,
        isDescending: false
      ) {
        $0.unit.nativeID > 0 ? .identifier(Int64(clamping: $0.unit.nativeID)) : .unknown
      },
      Column(
        "name", "NAME", "name of the unit", alignment: .left, width: 12, weight: 1,
        isDescending: false
      ) {
        $0.unit.name.isEmpty ? .unknown : .text($0.unit.name)
      },
    ]
  }
}
