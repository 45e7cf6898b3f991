// One request to an exporter that is answered by a line of text, and not by a record. It blocks nowhere: it says
// what it waits for (a descriptor, a deadline), and is advanced when that has come.
//
// Every such request may be made twice without harm: one that met a change of leaders is made again.

import Glibc

/// A question to an exporter, until it is answered or given up.
package final class TextRequest {
  /// An answer is never longer than this.
  private static let limit = 1024
  /// The pause before the next try to find a listener, and before that to find a place in its queue.
  private static let pause: UInt64 = 50_000_000
  private static let busyPause: UInt64 = 2_000_000

  private enum Phase {
    case waiting(until: UInt64)
    case connected(Int32)
    case done
  }

  private let endpoint: Endpoint
  /// The way to another host; nil: there is a socket here.
  private let far: RemoteRequest?
  /// Where that socket leads to, on another host; nil: it is an exporter's own.
  private let forward: Forward?
  private let line: [UInt8]
  /// When it is given up (monotonic).
  private let end: UInt64
  /// Until when somebody may come who listens.
  private let takeover: UInt64
  private var phase: Phase
  private var sent = 0
  private var bytes: [UInt8] = []

  /// Shall send `request` as a line, and wait no longer than `patience` nanoseconds.
  package init(
    _ endpoint: Endpoint, _ request: String, now: UInt64, patience: UInt64 = SnapshotClient.patience
  ) {
    let patience = endpoint.remote == nil ? patience : max(patience, SnapshotClient.farPatience)
    if let target = endpoint.remote {
      forward = RemoteRequest.forward(to: target)
      self.endpoint = forward.map { endpoint.forwarded(through: $0.local) } ?? endpoint
      far = forward == nil ? RemoteRequest(target, request, until: now &+ patience) : nil
    } else {
      forward = nil
      self.endpoint = endpoint
      far = nil
    }
    line = Array((request + "\n").utf8)
    end = now &+ patience
    takeover = now &+ min(patience, SnapshotClient.takeover)
    phase = .waiting(until: now)
  }

  deinit { disconnect() }

  /// What to wait for besides the deadline.
  package var pollRequests: [PollRequest] {
    if let far { return far.pollRequests }
    guard case .connected(let descriptor) = phase else { return [] }
    return [PollRequest(descriptor: descriptor, writes: sent < line.count)]
  }

  /// When to call `advance` at the latest; nil: it is over.
  package var deadline: UInt64? {
    if let far { return far.deadline }
    return switch phase {
    case .waiting(let moment): min(moment, end)
    case .connected: end
    case .done: nil
    }
  }

  /// Does what can be done now; the answer without its newline, or why there is none; nil: not yet, or told already.
  package func advance(now: UInt64) -> Result<String, StoreError>? {
    if let far { return far.advance(now: now) }
    do {
      guard let answer = try step(now: now) else { return nil }
      disconnect()
      return .success(answer)
    } catch {
      disconnect()
      if error.isPassing, now < takeover {
        (sent, bytes) = (0, [])
        phase = .waiting(until: now &+ (error.isBusy ? Self.busyPause : Self.pause))
        return nil
      }
      return .failure(forward?.explain(error) ?? error)
    }
  }

  private func step(now: UInt64) throws(StoreError) -> String? {
    guard let path = endpoint.socketPath else { throw .noListener(endpoint.name) }
    if case .waiting(let moment) = phase, now >= moment { try connect(path) }
    if case .connected(let descriptor) = phase {
      do {
        if let answer = try exchange(descriptor, path) { return answer }
      } catch let error as SystemError {
        throw error.isBrokenPipe ? .closed(path) : .system(error, path: path)
      } catch let error as StoreError {
        throw error
      } catch {
        throw .silent(path)
      }
    }
    if case .done = phase { return nil }
    if now >= end { throw .silent(path) }
    return nil
  }

  private func connect(_ path: String) throws(StoreError) {
    do {
      let descriptor = try System.connect(to: path)
      phase = .connected(descriptor)
      let owner = try System.peerOwner(descriptor)
      guard endpoint.trusts(owner) else { throw StoreError.foreignPeer(path: path, owner: owner) }
    } catch let error as StoreError {
      throw error
    } catch let error as SystemError {
      throw error.isRefusal ? .noListener(path) : .system(error, path: path)
    } catch {
      throw .silent(path)
    }
  }

  /// Sends what is unsent and reads what came; the answer when its line is complete.
  private func exchange(_ descriptor: Int32, _ path: String) throws -> String? {
    if sent < line.count {
      sent += try System.send(descriptor, Array(line[sent...]))
      guard sent == line.count else { return nil }
    }
    while let count = try System.read(descriptor, into: &bytes, limit: Self.limit) {
      if let end = bytes.firstIndex(of: 10) { return String(decoding: bytes[..<end], as: UTF8.self) }
      if bytes.count > Self.limit { throw StoreError.notOurProtocol(path) }
      if count == 0 { throw StoreError.closed(path) }
    }
    return nil
  }

  private func disconnect() {
    if case .connected(let descriptor) = phase { System.close(descriptor) }
    phase = .done
  }
}

extension TextRequest {
  /// Sends `request` as a line and waits for the answer, which comes without its newline.
  package static func ask(
    _ endpoint: Endpoint, _ request: String, patience: UInt64 = SnapshotClient.patience
  ) throws(StoreError) -> String {
    let asked = TextRequest(endpoint, request, now: System.monotonicTime(), patience: patience)
    while true {
      let now = System.monotonicTime()
      if let answer = asked.advance(now: now) { return try answer.get() }
      let timeout = asked.deadline.map { $0 > now ? $0 - now : 0 }
      do {
        _ = try System.poll(asked.pollRequests, timeout: timeout)
      } catch {
        throw .system(error, path: endpoint.name)
      }
    }
  }
}

extension StoreError {
  /// Whether it is what a change of leaders looks like.
  fileprivate var isPassing: Bool {
    switch self {
    case .closed: true
    case .system(let error, _): error.isAbsence || isBusy
    default: isAbsence
    }
  }
}
