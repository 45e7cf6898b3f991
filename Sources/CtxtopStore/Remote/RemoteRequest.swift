// One question to an exporter on another host: the relay asks it there, or the forwarded socket leads to it.

/// A question that a relay is asked, until it is answered or given up.
final class RemoteRequest {
  private let host: RemoteHost
  private let target: RemoteTarget
  private let request: String
  private let end: UInt64
  private var session: RelaySession?
  private var isOver = false

  /// Shall ask `request`, and wait no longer than until `end`.
  init(_ target: RemoteTarget, _ request: String, until end: UInt64) {
    host = RemoteHosts.host(for: target.account)
    self.target = target
    self.request = request
    self.end = end
  }

  /// The socket on this side that leads to a target's exporter; nil: a relay is to be asked.
  static func forward(to target: RemoteTarget) -> Forward? {
    let host = RemoteHosts.host(for: target.account)
    guard host.program == .absent else { return nil }
    return host.forwards[target.app.key]
  }

  var pollRequests: [PollRequest] { host.pollRequests + (session?.pollRequests ?? []) }

  var deadline: UInt64? {
    isOver ? nil : [end, session?.deadline, host.deadline].compactMap { $0 }.min()
  }

  /// The answer, or why there is none; nil: not yet, or told already.
  func advance(now: UInt64) -> Result<String, StoreError>? {
    guard !isOver else { return nil }
    var answer: String?
    do {
      host.advance(now: now)
      let name = target.name
      if session == nil, host.socket != nil {
        session = try RelaySession(host, target.app, name: name, request: request, now: now)
      }
      try session?.receive(now: now, keepingRecords: false) { item in
        if case .word(.answer(let text)) = item { answer = answer ?? text }
      }
    } catch {
      if answer == nil { return finish(.failure(error)) }
    }
    if let answer { return finish(.success(answer)) }
    if now >= end { return finish(.failure(failure)) }
    return nil
  }

  private var failure: StoreError {
    if session == nil, case .lost(_, let reason) = host.condition { return reason }
    return .silent(target.name)
  }

  private func finish(_ result: Result<String, StoreError>) -> Result<String, StoreError> {
    isOver = true
    session = nil
    return result
  }
}
