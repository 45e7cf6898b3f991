// What appeared, vanished, or is there still in another state or number. A thing of a worker that ended is gone with
// it: nobody freed it, and nothing was fixed.

import CtxtopSnapshot

/// What can appear and vanish.
package enum ThingKind: String, Sendable, CaseIterable {
  case verdict, context, connection, session, resource, failure
}

/// What became of a thing.
package enum ThingFate: String, Sendable, CaseIterable {
  case appeared, changed, vanished
  case goneWithWorker = "gone_with_worker"
}

/// A thing that is not as it was.
package struct ThingChange: Equatable, Sendable {
  /// What it is.
  package let kind: ThingKind
  /// What became of it.
  package let fate: ThingFate
  /// Its worker's process id; nil: it belongs to no single one.
  package let worker: Int32?
  /// Its state at the first moment; nil: it was not there, or has none.
  package let stateBefore: String?
  /// Its state at the second; nil: it is not there, or has none.
  package let stateAfter: String?
  /// How often, or how many, at the first moment; nil: it was not there, or is not counted.
  package let countBefore: UInt64?
  /// How often, or how many, at the second.
  package let countAfter: UInt64?
  /// The worse of its two states: what is at least a notice is worth a line.
  package let level: StateLevel
  /// What it is, in words.
  package let text: String
}

extension ThingChange {
  /// All of them: by fate, the worst first.
  static func all(_ pairs: [WorkerPair], _ before: Model, _ after: Model) -> [ThingChange] {
    var old = ThingCollector(before)
    var new = ThingCollector(after)
    for (number, pair) in pairs.enumerated() {
      if let index = pair.before { old.collect(worker: index, as: number) }
      if let index = pair.after { new.collect(worker: index, as: number) }
    }
    old.collectShared()
    new.collectShared()
    let changes = new.things.compactMap { change(from: old.find($0), to: $0, pairs) }
    let missing = old.things.compactMap { new.find($0) == nil ? change(from: $0, to: nil, pairs) : nil }
    return (changes + missing).enumerated().sorted { one, other in
      let (first, second) = (one.element.place, other.element.place)
      return first == second ? one.offset < other.offset : first.lexicographicallyPrecedes(second)
    }.map(\.element)
  }

  private static func change(from old: Thing?, to new: Thing?, _ pairs: [WorkerPair]) -> ThingChange? {
    guard let some = new ?? old else { return nil }
    if let old, let new, old.state == new.state, old.count == new.count { return nil }
    return ThingChange(
      kind: some.key.kind, fate: fate(old, new, pairs), worker: some.pid, stateBefore: old?.state,
      stateAfter: new?.state, countBefore: old?.count, countAfter: new?.count,
      level: max(old?.level ?? .quiet, new?.level ?? .quiet), text: some.text)
  }

  private static func fate(_ old: Thing?, _ new: Thing?, _ pairs: [WorkerPair]) -> ThingFate {
    guard let old else { return .appeared }
    if new != nil { return .changed }
    switch old.key.pair.map({ pairs[$0].fate }) {
    case .gone, .died, .exited: return .goneWithWorker
    case .stayed, .started, .unseen, .over, nil: return .vanished
    }
  }

  /// Where it stands in the list.
  private var place: [Int] {
    [
      ThingFate.allCases.firstIndex(of: fate) ?? 0, StateLevel.critical.rawValue - level.rawValue,
      ThingKind.allCases.firstIndex(of: kind) ?? 0,
    ]
  }
}

/// Who a thing is, at both moments.
private struct ThingKey: Hashable {
  let kind: ThingKind
  /// The number of its worker's pair; nil: it belongs to no single worker.
  let pair: Int?
  /// Its number in the worker, where it has one.
  var id: UInt64 = 0
  /// What else tells it from others.
  var words: [String] = []
}

/// A thing at one moment.
private struct Thing {
  let key: ThingKey
  /// Which tenant of its number; 0: not known.
  var generation: UInt64 = 0
  let pid: Int32?
  let state: String?
  let level: StateLevel
  var count: UInt64?
  let text: String
}

/// The things of one moment.
private struct ThingCollector {
  private let model: Model
  private(set) var things: [Thing] = []
  private var places: [ThingKey: Int] = [:]
  /// The pair of each worker.
  private var pairs: [Int?]

  init(_ model: Model) {
    self.model = model
    pairs = [Int?](repeating: nil, count: model.now.workers.count)
  }

  /// The same thing at this moment; nil: it is not here.
  func find(_ thing: Thing) -> Thing? {
    guard let found = places[thing.key].map({ things[$0] }) else { return nil }
    let isOther = found.generation != thing.generation && found.generation != 0 && thing.generation != 0
    return isOther ? nil : found
  }

  private mutating func add(_ thing: Thing) {
    if let place = places[thing.key] {
      // Several workers have it.
      if let count = thing.count { things[place].count = (things[place].count ?? 0) &+ count }
      return
    }
    places[thing.key] = things.count
    things.append(thing)
  }

  /// What one worker has. What a worker had that is gone, nobody has.
  mutating func collect(worker index: Int, as pair: Int) {
    pairs[index] = pair
    guard model.now.workers[index].liveness.isPresent else { return }
    for unit in model.now.workers[index].units.indices {
      for context in model.now.workers[index].units[unit].contexts.indices {
        add(ContextRow(model, worker: index, unit: unit, context: context), pair)
      }
    }
    for row in model.holdings(ofWorker: index) { add(row, pair) }
  }

  /// What is known of all workers together, and verdicts.
  mutating func collectShared() {
    for row in model.failureGroups {
      let failure = row.failure
      let words = [
        failure.function, failure.location, failure.exception, failure.kind.name, failure.blueprint ?? "",
      ]
      add(
        Thing(
          key: ThingKey(kind: .failure, pair: nil, words: words), pid: nil, state: nil, level: .warning,
          count: failure.count, text: "\(failure.function) raised \(failure.exception)"))
    }
    for verdict in model.verdicts { add(verdict) }
  }

  private mutating func add(_ row: ContextRow, _ pair: Int) {
    let context = row.context
    let owner = context.label?.text ?? (context.frame.isEmpty ? "work outside of a request" : context.frame)
    add(
      Thing(
        key: ThingKey(kind: .context, pair: pair, id: context.serial), pid: row.worker.pid, state: row.state.rawValue,
        level: row.state.level,
        text: "\(context.kind.name) context of \(owner) on \(row.unit.kind.name) \(row.unit.id)"))
  }

  private mutating func add(_ row: HoldingRow, _ pair: Int) {
    let kind: ThingKind
    var text: String
    switch row.kind {
    case .connection: (kind, text) = (.connection, "connection \(row.id)" + (row.engine.map { " of \($0.url)" } ?? ""))
    case .session: (kind, text) = (.session, "session \(row.id)")
    case .resource: (kind, text) = (.resource, row.resource.map { "\($0.kind) \($0.name)" } ?? "resource")
    }
    if let holder = row.holder {
      text += ", taken by \(holder.label?.text ?? "work outside of a request")"
      if !holder.frame.isEmpty { text += " at \(holder.frame)" }
    }
    add(
      Thing(
        key: ThingKey(kind: kind, pair: pair, id: UInt64(clamping: row.id)), generation: row.generation,
        pid: row.worker.pid, state: row.state.name, level: row.state.level, text: text))
  }

  private mutating func add(_ verdict: Verdict) {
    // Hazards are of the server: one worker is named for all.
    let pair = verdict.code == .hazard ? nil : pairs[verdict.workerIndex]
    add(
      Thing(
        key: ThingKey(kind: .verdict, pair: pair, words: verdict.distinction),
        pid: verdict.code == .hazard ? nil : verdict.pid, state: verdict.severity.rawValue,
        level: verdict.severity.level, count: verdict.count, text: "\(verdict.code.rawValue) \(verdict.message)"))
  }
}

extension Verdict {
  /// What tells it from others of its worker: at another moment, and also in a document, which has no indices.
  fileprivate var distinction: [String] {
    let keys: [String]
    switch code {
    case .contextLeftBehind, .reusedContext: return [code.rawValue, context.map(String.init) ?? ""]
    case .orphanSession: return [code.rawValue, session.map(String.init) ?? ""]
    case .teardownFailed: keys = ["function", "location", "exception", "request"]
    case .connectionOutlivesContext: keys = ["holder", "frame"]
    case .contextVanished: keys = ["kind", "frame", "request"]
    case .hazard: keys = ["hazard"]
    case .connectionCrossedFork, .workerWedged, .diedHolding: keys = []
    }
    return [code.rawValue] + keys.map { key in evidence.first { $0.key == key }?.value ?? "" }
  }
}
