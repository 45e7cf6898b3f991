// The conclusions of a document. They are there together or not at all: an exporter, which only knows facts, writes null
// for each.

internal import CtxtopModel
import CtxtopSnapshot

extension DocumentObject {
  func judgement(of snapshot: Snapshot) throws -> Judgement? {
    guard try has("verdicts") else { return nil }
    var judgement = Judgement()
    for (worker, object) in zip(snapshot.workers, try objects("workers")) {
      judgement.workers.append(try object.conclusions(about: worker))
    }
    let pids = Dictionary(grouping: snapshot.workers, by: \.pid)
    judgement.verdicts = try objects("verdicts").map { try $0.verdict(ofOneOf: pids) }
    return judgement
  }

  private func conclusions(about worker: Worker) throws -> JudgedWorker {
    guard let state = try state("state", WorkerState.self) else { throw wrong("state", .notA("there")) }
    let tenths = try decimal("cpu_percent", scale: 10)
    var contexts: [Int: [String]] = [:]
    for context in try objects("contexts") {
      contexts[try context.natural("unit"), default: []].append(try context.text("state"))
    }
    return JudgedWorker(
      state: state.rawValue, cpuPercent: tenths.map { Double($0) / 10 }, leaked: try count("contexts_leaked"),
      units: try objects("units").map { try $0.text("state") },
      contexts: worker.units.map { contexts[$0.id] ?? [] },
      connections: try objects("connections").map { try $0.text("state") }, target: worker.target)
  }

  private func verdict(ofOneOf workers: [Int32: [Worker]]) throws -> JudgedVerdict {
    var verdict = JudgedVerdict()
    verdict.code = try text("code")
    guard let code = VerdictCode(rawValue: verdict.code) else { throw wrong("code", .unknownWord(verdict.code)) }
    verdict.name = try text("name")
    verdict.severity = try text("severity")
    guard Severity(rawValue: verdict.severity) != nil else { throw wrong("severity", .unknownWord(verdict.severity)) }
    verdict.worker = try processID("worker") ?? 0
    verdict.target = try optionalText("target")
    guard let named = workers[verdict.worker], named.contains(where: { $0.target == verdict.target }) else {
      throw wrong("worker", .leadsNowhere)
    }
    verdict.unit = try integer("unit")
    verdict.context = try optionalCount("context")
    verdict.connection = try integer("connection")
    verdict.session = try integer("session")
    let since = try time("since")
    verdict.since = since > 0 ? since : nil
    verdict.count = try count("count")
    verdict.message = try text("message")
    verdict.remedy = try text("remedy")
    verdict.evidence = code.ordered(try pairs("evidence").map { Evidence($0.key, $0.value) })
    return verdict
  }
}
