// CTX002: requests run on an app context that they did not push. The context's own record counts them, so
// one snapshot is enough.

import CtxtopSnapshot

func contextsReused(in worker: Worker) -> [ContextPlace] {
  var places: [ContextPlace] = []
  let units = worker.units
  for unit in units.indices {
    guard units[unit].reused > 0, !units[unit].isGone else { continue }
    for (index, context) in units[unit].contexts.enumerated() where context.kind == .app && context.served > 0 {
      places.append(ContextPlace(unit: unit, context: index))
    }
  }
  return places
}

extension Subject {
  func reusedContext(_ place: ContextPlace) -> Verdict {
    let unit = worker.units[place.unit]
    let context = unit.contexts[place.context]
    var verdict = Verdict(.reusedContext, worker, at: index)
    verdict.unit = unit.id
    verdict.context = context.serial
    verdict.count = context.served
    let since = context.left ?? context.pushed
    verdict.since = snapshot.wallTime(of: since)
    verdict.subject = name(of: unit)
    verdict.statement =
      "\(Format.count(context.served, "request", "requests")) ran on the app context that "
      + "\(owner(of: context)) left \(Format.age(snapshot.age(of: since))) ago"
    verdict.evidence = evidence(of: context, on: unit)
    return verdict
  }
}
