// CTX001: a context is still on a unit's stack although its owner has finished.
//
//   pushed by a request    the owner is that request: finished when no unit of the worker serves it
//   pushed outside of one  the owner is the job on that unit: finished when requests have run on the
//                          context, or the unit is gone; a job that takes long is a job
//   preserved              kept on purpose: never left behind, unless the unit is gone
//
// When the agent itself found the context after the end of its request (`left`), that record is enough.
// Otherwise context and request are joined, and the snapshot before must agree.

import CtxtopSnapshot

func contextsLeftBehind(in worker: Worker, confirming earlier: Worker?) -> [ContextPlace] {
  var places: [ContextPlace] = []
  var witness = earlier.map(EarlierContexts.init)
  let units = worker.units
  for unit in units.indices where !units[unit].contexts.isEmpty {
    for context in units[unit].contexts.indices {
      let place = ContextPlace(unit: unit, context: context)
      guard isLeftBehind(place, in: worker) else { continue }
      if units[unit].contexts[context].left != nil || witness?.confirms(place, of: worker) == true {
        places.append(place)
      }
    }
  }
  return places
}

private func isLeftBehind(_ place: ContextPlace, in worker: Worker) -> Bool {
  let unit = worker.units[place.unit]
  let context = unit.contexts[place.context]
  if unit.isGone { return true }
  if context.isPreserved { return false }
  if context.left != nil { return true }
  if context.request == 0 { return context.served > 0 }
  return !worker.serves(context.request, hint: unit)
}

/// The contexts of a worker in the snapshot before. They are looked for where they are now; what is not there, in
/// tables that are made then: a stack may be long, and all of it left behind.
private struct EarlierContexts {
  private struct Key: Hashable {
    let id: Int
    let generation: UInt64
  }

  private let worker: Worker
  private var units: [Key: Int]?
  private var contexts: [Int: [UInt64: Int]] = [:]

  init(_ worker: Worker) { self.worker = worker }

  /// Whether it had the same context, on the same unit, in the same condition.
  mutating func confirms(_ place: ContextPlace, of now: Worker) -> Bool {
    let unit = now.units[place.unit]
    guard let before = index(of: unit, hint: place.unit),
      let context = index(of: unit.contexts[place.context].serial, on: before, hint: place.context)
    else { return false }
    return isLeftBehind(ContextPlace(unit: before, context: context), in: worker)
  }

  private mutating func index(of unit: Unit, hint: Int) -> Int? {
    if worker.units.indices.contains(hint), worker.units[hint].id == unit.id,
      worker.units[hint].generation == unit.generation
    {
      return hint
    }
    if units == nil {
      let keys = worker.units.enumerated().map { (Key(id: $1.id, generation: $1.generation), $0) }
      units = Dictionary(keys) { first, _ in first }
    }
    return units?[Key(id: unit.id, generation: unit.generation)]
  }

  private mutating func index(of serial: UInt64, on unit: Int, hint: Int) -> Int? {
    let stack = worker.units[unit].contexts
    if stack.indices.contains(hint), stack[hint].serial == serial { return hint }
    if contexts[unit] == nil {
      contexts[unit] = Dictionary(stack.enumerated().map { ($1.serial, $0) }) { first, _ in first }
    }
    return contexts[unit]?[serial]
  }
}

extension Worker {
  /// Whether any unit serves the request; `hint` is the one that most likely does. A context can be pushed
  /// on another thread than the one that serves its request.
  func serves(_ request: UInt64, hint: Unit?) -> Bool {
    if let hint, hint.serves(request) { return true }
    return units.contains { $0.serves(request) }
  }
}

extension Unit {
  /// Whether a request is open on the unit: the latest, or one that the latest began inside of. Those between
  /// outermost and latest that have ended cannot be told from those that have not; they are taken for open.
  func serves(_ serial: UInt64) -> Bool {
    guard let request else { return false }
    let outermost = outermostRequest == 0 ? request.serial : outermostRequest
    return serial == request.serial || (outermost...max(outermost, request.serial)).contains(serial)
  }
}

extension Subject {
  func contextLeftBehind(_ place: ContextPlace) -> Verdict {
    let unit = worker.units[place.unit]
    let context = unit.contexts[place.context]
    var verdict = Verdict(.contextLeftBehind, worker, at: index)
    verdict.unit = unit.id
    verdict.context = context.serial
    let since = context.left ?? context.pushed
    verdict.since = snapshot.wallTime(of: since)
    let age = Format.age(snapshot.age(of: since))
    verdict.subject = name(of: unit)
    verdict.statement =
      "\(context.kind.name) context left by \(owner(of: context)) \(age) ago"
    if context.served > 0 {
      verdict.statement += "; \(Format.count(context.served, "request has", "requests have")) run on it since"
    }
    verdict.evidence = evidence(of: context, on: unit)
    return verdict
  }

  /// What is known of a context.
  func evidence(of context: Context, on unit: Unit) -> [Evidence] {
    var evidence = [
      Evidence("kind", context.kind.name), Evidence("left_by", owner(of: context)),
      Evidence("endpoint", context.label?.endpoint ?? ""), Evidence("frame", context.frame),
      Evidence("thread", unit.name), Evidence("native_thread", String(unit.nativeID)),
      Evidence("app_depth", String(unit.appDepth)), Evidence("requests_served", String(context.served)),
    ]
    if unit.isGone { evidence.append(Evidence("unit_gone", "true")) }
    evidence.removeAll { $0.value.isEmpty }
    return evidence
  }
}

extension ContextKind {
  /// The word for it.
  package var name: String {
    switch self {
    case .app: "app"
    case .request: "request"
    }
  }
}
