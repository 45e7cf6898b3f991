// JSON of schema 1, read back: what `ctxtop dump` and the dashboard's `w` write, and what an exporter answers to `json`.
// SnapshotJSON is the other direction, and says what each member means.
//
//   SnapshotDocument.swift    the document              DocumentObject.swift    members, checked one by one
//   DocumentWorker.swift      a worker and its units    DocumentHoldings.swift  connections and what else is held
//   DocumentJudgement.swift   conclusions               DocumentError.swift     what is wrong, and where
//   DocumentLines.swift       several documents, a line each
//
// What is read is printed again to the byte. What JSON does not carry is left as not known: generations of units and
// connections, serial numbers of requests, the kernel's cpu time. Members that this version does not know are passed
// over, and what is missing is not known.

package import CtxtopModel
import CtxtopSnapshot
import FoundationEssentials

/// One document.
package struct SnapshotDocument: Equatable, Sendable {
  /// The longest document that is read, in bytes.
  package static let limit = 64 << 20
  private static let objectLimit = 1 << 19
  private static let valueLimit = 1 << 22

  /// The facts.
  package let snapshot: Snapshot
  /// The conclusions; nil: the document has none, as an exporter's.
  package let judgement: Judgement?

  /// Reads a document.
  package init(_ json: [UInt8]) throws(DocumentError) {
    guard json.count <= Self.limit else { throw DocumentError(place: "", reason: .tooLong) }
    guard Self.isReadable(json) else { throw DocumentError(place: "", reason: .tooMuch) }
    let parsed: Parsed
    do {
      parsed = try JSONDecoder().decode(Parsed.self, from: Data(json))
    } catch {
      throw DocumentError(error)
    }
    snapshot = parsed.snapshot
    judgement = parsed.judgement
  }

  /// Whether it has no more objects and values than a snapshot can have: each takes many times its bytes once it is
  /// read. What looks like one within a text counts as well.
  private static func isReadable(_ json: [UInt8]) -> Bool {
    var objects = 0
    var values = 0
    for byte in json {
      if byte == UInt8(ascii: "{") { objects &+= 1 }
      if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "[") { values &+= 1 }
    }
    return objects <= objectLimit && values <= valueLimit
  }

  /// What the document says was concluded; where it says nothing, what follows from the one pass that it shows.
  package var model: Model {
    judgement.map { Model(now: snapshot, judgement: $0) } ?? Model(now: snapshot)
  }

  /// The time of a document, without the rest of it: nanoseconds since 1970; nil: it says none.
  package static func wallTime(_ json: [UInt8]) -> UInt64? {
    if let time = DocumentLines.wallTime(json[...]) { return time }
    return head(json)?.wallTime
  }

  /// Whether the bytes are one whole JSON object with a time, whatever else is in it.
  package static func isWhole(_ json: [UInt8]) -> Bool { head(json).map { $0.wallTime > 0 } ?? false }

  private static func head(_ json: [UInt8]) -> Head? { try? JSONDecoder().decode(Head.self, from: Data(json)) }

  private struct Parsed: Decodable {
    let snapshot: Snapshot
    let judgement: Judgement?

    init(from decoder: any Decoder) throws {
      let document = try DocumentObject(decoder)
      try document.checkSchema()
      snapshot = try document.snapshot()
      judgement = try document.judgement(of: snapshot)
      // Whoever writes a document says when it was, or that it is not known.
      guard document.names("time") else { throw document.wrong("time", .notA("there")) }
    }
  }

  private struct Head: Decodable {
    let wallTime: UInt64

    init(from decoder: any Decoder) throws { wallTime = try DocumentObject(decoder).time("time") }
  }
}

extension Snapshot {
  /// Says of each worker to which target it belongs, where it says so itself. How these did is not written.
  fileprivate mutating func divide(among targets: [String?]) {
    var places: [String: Int] = [:]
    for (index, target) in targets.enumerated() {
      guard let target else { continue }
      let place = places[target] ?? places.count
      if places.updateValue(place, forKey: target) == nil {
        self.targets.append(WatchedTarget(name: target, state: .live, service: target, host: host))
      }
      workers[index].origin = Origin(target: target, place: place, seen: monotonicTime)
    }
  }
}

extension DocumentObject {
  fileprivate func checkSchema() throws {
    let schema = try text("schema")
    guard schema == "\(SnapshotJSON.schema)" else { throw wrong("schema", .otherSchema(schema)) }
  }

  fileprivate func snapshot() throws -> Snapshot {
    var snapshot = Snapshot(
      service: try text("app"), host: try text("host"), wallTime: try time("time"),
      monotonicTime: try count("monotonic_ns"))
    let server = try object("server")?.server() ?? Server()
    let runtime = try object("runtime")?.runtime() ?? Runtime()
    var targets: [String?] = []
    for worker in try objects("workers") {
      snapshot.workers.append(try worker.worker(at: snapshot.monotonicTime, server, runtime))
      targets.append(try worker.optionalText("target"))
    }
    snapshot.divide(among: targets)
    snapshot.actionCounts = ActionCounts(
      accepted: try count("actions_accepted"), refused: try count("actions_refused"))
    snapshot.actions = try objects("actions").map { try $0.action() }
    return snapshot
  }

  private func server() throws -> Server {
    Server(
      kind: try text("kind"), model: try text("model"), version: try text("version"),
      workers: try integer("workers"), threads: try integer("threads"))
  }

  private func action() throws -> ControlAction {
    let outcomes = Dictionary(uniqueKeysWithValues: ActionOutcome.allCases.map { ($0.word, $0) })
    var action = ControlAction(
      number: try count("number"), time: try time("asked"), user: try identifier("user"), pid: try identifier("pid"),
      worker: try identifier("worker"), outcome: try word("outcome", outcomes))
    action.target = try optionalText("target")
    return action
  }

  private func runtime() throws -> Runtime {
    Runtime(
      python: try text("python"), flask: try text("flask"), werkzeug: try text("werkzeug"),
      sqlalchemy: try text("sqlalchemy"), agent: try text("agent"))
  }
}
