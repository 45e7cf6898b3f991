// A model's conclusions in the form in which the JSON encoder prints them.

import CtxtopSnapshot

extension Model {
  /// What `SnapshotJSON` prints beside the facts.
  package var judgement: Judgement {
    Judgement(
      workers: now.workers.indices.map(judged),
      verdicts: verdicts.map(\.judged),
      actions: now.targets.isEmpty ? [] : now.actions.map(\.target))
  }

  private func judged(_ index: Int) -> JudgedWorker {
    let worker = now.workers[index]
    let condition = conditions[index]
    return JudgedWorker(
      state: condition.state.rawValue,
      cpuPercent: rates.cpuPercent(ofWorker: index),
      leaked: UInt64(condition.leakedContexts),
      units: worker.units.indices.map { condition.state(ofUnit: $0, in: worker).rawValue },
      contexts: worker.units.indices.map { unit in
        worker.units[unit].contexts.indices.map {
          condition.state(ofContext: $0, onUnit: unit, in: worker).rawValue
        }
      },
      connections: worker.connections.indices.map { condition.state(ofConnection: $0, in: worker).rawValue },
      target: worker.target)
  }
}

extension Verdict {
  /// As it is printed.
  package var judged: JudgedVerdict {
    var judged = JudgedVerdict()
    judged.code = code.rawValue
    judged.name = name
    judged.severity = severity.rawValue
    judged.worker = pid
    judged.target = target
    judged.unit = unit
    judged.context = context
    judged.connection = connection
    judged.session = session
    judged.since = since
    judged.count = count
    judged.message = message
    judged.remedy = remedy
    judged.evidence = evidence
    return judged
  }
}
