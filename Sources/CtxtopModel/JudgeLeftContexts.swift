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
  let units = worker.units
  for unit in units.indices where !units[unit].contexts.isEmpty {
    for context in units[unit].contexts.indices {
      let place = ContextPlace(unit: unit, context: context)
      guard isLeftBehind(place, in: worker) else { continue }
      if units[unit].contexts[context].left != nil || isConfirmed(place, in: worker, by: earlier) {
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

/// Whether the snapshot before had the same context, on the same unit, in the same condition.
private func isConfirmed(_ place: ContextPlace, in worker: Worker, by earlier: Worker?) -> Bool {
  guard let earlier else { return false }
  let unit = worker.units[place.unit]
  let serial = unit.contexts[place.context].serial
  guard let before = earlier.units.firstIndex(where: { $0.id == unit.id && $0.generation == unit.generation }),
    let context = earlier.units[before].contexts.firstIndex(where: { $0.serial == serial })
  else { return false }
  return isLeftBehind(ContextPlace(unit: before, context: context), in: earlier)
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
