// `ctxtop recycle`: has an app's server replace one worker, and waits until it has.

import ArgumentParser
import CtxtopSnapshot
import CtxtopStore

/// Replaces one worker gracefully.
struct Recycle: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the app's server replace one worker gracefully.",
    discussion: """
      The worker takes no new requests, finishes what it has, and the server starts another one in its place: \
      under gunicorn, and under uWSGI with a master. It goes when no other worker is going, and when no request \
      has been open in it for more than a second. The app must allow it: CTXTOP_CONTROL=1 in its configuration.

      EXAMPLES:
        ctxtop recycle shop 4312
        ctxtop recycle shop 4312 --timeout 300
      """)

  @Argument(help: "An app's name, a path to its socket, or ssh://[user@]host[:port]/app.")
  var target: String

  @Argument(help: "The worker's process id, as the dashboard shows it.")
  var pid: Int32

  @Option(help: "Seconds to wait until another worker is there. (default: 60)", transform: Seconds.read)
  var timeout: Seconds = Seconds(60)

  func run() throws {
    let endpoint = try Place.of(target).app(for: "replacing worker \(pid)")
    guard endpoint.socketPath != nil || endpoint.remote != nil else {
      throw Failure(
        "replacing worker \(pid)", "a segment can be read, and not be asked for anything",
        "give the app's name, or its socket", .usage)
    }
    let before = try latest(endpoint)
    guard let worker = before.workers.first(where: { $0.pid == pid && $0.liveness != .dead && $0.liveness != .exited })
    else {
      throw Failure(
        "looking for worker \(pid) of \(endpoint.name)", "there is none",
        "take the pid of a worker that `ctxtop dump \(target)` shows", .noInput)
    }
    let answer: String
    do { answer = try TextRequest.ask(endpoint, "recycle \(pid)") } catch { throw Failure(error) }
    guard answer.hasPrefix("ok") else { throw refusal(answer) }
    try StandardOutput.write(Array((Failure.printable(String(answer.drop { $0 != " " }.dropFirst())) + "\n").utf8))
    try wait(for: worker, of: endpoint, before)
  }

  private func latest(_ endpoint: Endpoint) throws -> Snapshot {
    let source = LiveSource.open(endpoint, interval: SnapshotClient.usualGap)
    let answer = SnapshotClient.passes(1, from: [(endpoint.name, source)], within: endpoint.patience)[0]
    do {
      return try answer.get().snapshots[0]
    } catch {
      throw Failure(error)
    }
  }

  /// `refused: why; what to do`
  private func refusal(_ answer: String) -> Failure {
    let tried = "replacing worker \(pid)"
    guard answer.hasPrefix("refused: ") else {
      return Failure(tried, "the app's agent says: \(answer)", "use the ctxtop that belongs to it", .protocol)
    }
    let parts = answer.split(separator: ";", maxSplits: 1).map { $0.drop { $0 == " " } }
    let remedy = parts.count > 1 ? String(parts[1]) : "use the server's own means"
    return Failure(tried, String(parts[0]), remedy, .noPermission)
  }

  private func wait(for worker: Worker, of endpoint: Endpoint, _ before: Snapshot) throws {
    let wanted = before.workers.filter(Self.isThere).count
    let deadline = System.monotonicTime() &+ timeout.nanoseconds
    let source = LiveSource.open(endpoint, interval: SnapshotClient.usualGap)
    var last = before
    while System.monotonicTime() < deadline {
      for case .snapshot(let snapshot) in source.advance(now: System.monotonicTime()) { last = snapshot }
      let there = last.workers.filter(Self.isThere)
      if !there.contains(where: { $0.isSame(as: worker) }), there.count >= wanted {
        let new = there.filter { one in !before.workers.contains { $0.isSame(as: one) } }.map { "\($0.pid)" }
        let successor = new.isEmpty ? "" : ", and \(new.joined(separator: ", ")) is there in its place"
        return try StandardOutput.write(Array("worker \(pid) is gone\(successor)\n".utf8))
      }
      do {
        _ = try SnapshotClient.wait(for: [source], until: deadline)
      } catch {
        throw Failure(error, endpoint.name)
      }
    }
    throw overdue(worker, last)
  }

  private func overdue(_ worker: Worker, _ last: Snapshot) -> Failure {
    let tried = "replacing worker \(pid)"
    let time = "\(timeout.nanoseconds / 1_000_000_000) s"
    guard let now = last.workers.first(where: { $0.isSame(as: worker) && Self.isThere($0) }) else {
      return Failure(
        tried, "it is gone, but nobody has come in its place within \(time)", "see the server's log", .tryLater)
    }
    let requests = now.units.compactMap(\.request).filter { last.monotonicTime &- $0.started > 1_000_000_000 }
    let names = requests.map { "\($0.label.method) \($0.label.endpoint ?? "?")" }.joined(separator: ", ")
    let state = now.draining != nil ? "it takes no new requests, but is still there" : "it has not been its turn"
    return Failure(
      tried, "\(state) after \(time)" + (names.isEmpty ? "" : ": open for long: \(names)"),
      "it goes when it can; see `ctxtop dump`", .tryLater)
  }

  private static func isThere(_ worker: Worker) -> Bool { worker.liveness == .alive || worker.liveness == .unknown }
}

extension Worker {
  /// Whether both are the same tenant of the same slot.
  fileprivate func isSame(as other: Worker) -> Bool { slot == other.slot && generation == other.generation }
}
