// The connection to one account on another host, for all targets that are there: made once, with questions where there
// is somebody to ask, and made again by itself without any. Nothing blocks but `connect`, which is for the time before
// there is a screen.
//
//   down --time--> connecting --listens--> up --ended--> down
//                      |
//                      +--ended--> down, for longer and longer; for long where ssh would have asked

import Glibc

/// A host that something is watched on. One thread uses it.
package final class RemoteHost {
  /// How it is doing.
  package enum Condition: Equatable {
    /// Nothing was tried yet, or the first try is under way.
    case connecting
    /// There is a connection.
    case up
    /// There is none since then; it is being tried again.
    case lost(since: UInt64, reason: StoreError)
    /// The same, and only somebody who answers ssh, and otherwise than before, can help; what ssh said.
    case needsAttention(since: UInt64, question: String)
  }

  /// Whether there is a ctxtop.
  enum Program { case unknown, there, absent }

  private enum Phase {
    case down(until: UInt64)
    case connecting(SSHMaster, until: UInt64, nextLook: UInt64)
    case up(SSHMaster)
  }

  /// A connection without questions is there after so long, or it fails.
  private static let patience: UInt64 = 20_000_000_000
  /// Between two looks whether a master is there: it does not tell.
  private static let lookInterval: UInt64 = 50_000_000
  /// Pauses between tries, in seconds.
  private static let pauses: [UInt64] = [0, 1, 2, 5, 10, 30]
  /// Where ssh would have asked, it is tried as rarely as a host may count it for an attack.
  private static let longPause: UInt64 = 300_000_000_000

  /// Which account.
  package let account: RemoteAccount
  /// How it is doing.
  package private(set) var condition = Condition.connecting
  /// Whether there is a ctxtop; found out by the first who asks for it.
  var program = Program.unknown
  /// Forwarded sockets by the app that they lead to (`RemoteApp.key`), as long as this connection is there.
  var forwards: [String: Forward] = [:]
  /// Counts the connections.
  private(set) var generation = 0
  private var phase = Phase.down(until: 0)
  private var failures = 0
  private var failure: StoreError?

  init(_ account: RemoteAccount) {
    self.account = account
    if RemoteProgram.name == nil { program = .absent }
  }

  /// The socket of the master; nil: there is none.
  var socket: String? {
    if case .up(let master) = phase { master.socket } else { nil }
  }

  /// What to wait for besides the deadline.
  var pollRequests: [PollRequest] {
    switch phase {
    case .down: []
    case .connecting(let master, _, _), .up(let master): master.pollRequests
    }
  }

  /// When to call `advance` at the latest; nil: not before something is ready.
  var deadline: UInt64? {
    switch phase {
    case .down(let until): until
    case .connecting(_, let until, let nextLook): min(until, nextLook)
    case .up: nil
    }
  }

  /// Does what can be done now.
  func advance(now: UInt64) {
    switch phase {
    case .down(let until):
      guard now >= until else { return }
      do { try start(mayAsk: false, now: now) } catch { fail(error, now: now) }
    case .connecting(let master, let until, _):
      _ = master.newLines()
      watch(master, now: now)
      if case .connecting = phase, now >= until { fail(.ssh(host: account.name, .timedOut), now: now) }
    case .up(let master):
      _ = master.newLines()
      if let failure = master.failure() { fail(.ssh(host: account.name, failure), now: now) }
    }
  }

  /// A path for one more socket of ours.
  func newSocketPath() throws(StoreError) -> String {
    do {
      return "\(try RemoteHosts.directory().path)/\(RemoteHosts.nextNumber())"
    } catch {
      throw .ssh(host: account.name, .system(error))
    }
  }

  private func start(mayAsk: Bool, now: UInt64) throws(StoreError) {
    let client = try SSHClient(account)
    let socket = try newSocketPath()
    do {
      let master = try SSHMaster(client, at: socket, mayAsk: mayAsk)
      phase = .connecting(
        master, until: mayAsk ? .max : now &+ Self.patience, nextLook: now &+ Self.lookInterval)
    } catch {
      throw .ssh(host: account.name, .system(error))
    }
  }

  /// Looks whether a master that is connecting is there, or has ended.
  private func watch(_ master: SSHMaster, now: UInt64) {
    guard case .connecting(_, let until, _) = phase else { return }
    if master.isListening {
      phase = .up(master)
      condition = .up
      generation += 1
      failures = 0
      forwards = [:]
    } else if let failure = master.failure() {
      fail(.ssh(host: account.name, failure), now: now)
    } else {
      phase = .connecting(master, until: until, nextLook: now &+ Self.lookInterval)
    }
  }

  private func fail(_ reason: StoreError, now: UInt64) {
    let since: UInt64
    switch condition {
    case .connecting, .up: since = now
    case .lost(let earlier, _), .needsAttention(let earlier, _): since = earlier
    }
    failure = reason
    if let question = question(behind: reason) {
      condition = .needsAttention(since: since, question: question)
      phase = .down(until: now &+ Self.longPause)
    } else {
      condition = .lost(since: since, reason: reason)
      phase = .down(until: now &+ Self.pauses[min(failures, Self.pauses.count - 1)] * 1_000_000_000)
    }
    failures += 1
  }

  /// What somebody must answer before another try is of any use; nil: nothing.
  private func question(behind reason: StoreError) -> String? {
    guard case .ssh(_, let failure) = reason, failure.wantsAnotherAnswer else { return nil }
    switch (failure, condition) {
    case (.needsAnswer(let said), _), (.ended(let said, _), _): return said
    case (_, .needsAttention(_, let earlier)): return earlier
    default: return nil
    }
  }
}

extension RemoteHost {
  /// Somebody who answers ssh on the terminal.
  package struct Operator {
    /// Gets to read what ssh says besides its questions, a line each.
    let tell: (String) -> Void
    /// Whether the waiting shall end; asked all the time.
    let isGone: () -> Bool

    /// Somebody at the terminal.
    package init(isGone: @escaping () -> Bool = { false }, tell: @escaping (String) -> Void) {
      self.tell = tell
      self.isGone = isGone
    }
  }

  /// Connects, and returns when there is a connection. Without an operator ssh asks nothing.
  package func connect(asking person: Operator?) throws(StoreError) {
    if case .up(let master) = phase, master.failure() == nil { return }
    try start(mayAsk: person != nil, now: System.monotonicTime())
    failure = nil
    var lines = LinesOfSSH(person)
    while case .connecting(let master, let until, _) = phase {
      try wait(for: master)
      let now = System.monotonicTime()
      watch(master, now: now)
      lines.tell(master.newLines())
      guard case .connecting = phase else { break }
      if person?.isGone() == true { fail(.ssh(host: account.name, .interrupted), now: now) }
      if now >= until { fail(.ssh(host: account.name, .timedOut), now: now) }
    }
    lines.finish(failure)
    if let failure { throw failure }
  }

  private func wait(for master: SSHMaster) throws(StoreError) {
    do {
      _ = try System.poll(master.pollRequests, timeout: Self.lookInterval)
    } catch {
      throw .ssh(host: account.name, .system(error))
    }
  }
}

/// What ssh says to its operator, but for what the failure says that follows.
private struct LinesOfSSH {
  private let person: RemoteHost.Operator?
  private var last: String?

  init(_ person: RemoteHost.Operator?) { self.person = person }

  mutating func tell(_ lines: [String]) {
    for line in lines {
      if let last { person?.tell(last) }
      last = SSHFailure.isLast(line) ? line : nil
      if last == nil { person?.tell(line) }
    }
  }

  mutating func finish(_ failure: StoreError?) {
    if let last, case .ssh(_, let failure)? = failure, failure.tells(last) { return }
    if let last { person?.tell(last) }
  }
}

/// All hosts that this process is connected to.
package enum RemoteHosts {
  // The program has one thread.
  private nonisolated(unsafe) static var hosts: [RemoteAccount: RemoteHost] = [:]
  private nonisolated(unsafe) static var place: SocketDirectory?
  private nonisolated(unsafe) static var number = 0

  /// The host of an account: one for all targets.
  package static func host(for account: RemoteAccount) -> RemoteHost {
    if let host = hosts[account] { return host }
    let host = RemoteHost(account)
    hosts[account] = host
    return host
  }

  /// Where sockets lie.
  static func directory() throws(SystemError) -> SocketDirectory {
    if let place { return place }
    let made = try SocketDirectory()
    place = made
    return made
  }

  /// A name that no other socket has.
  static func nextNumber() -> Int {
    number += 1
    return number
  }
}

/// What ctxtop is called on other hosts.
enum RemoteProgram {
  private static var given: String? { System.environment("CTXTOP_REMOTE_PROGRAM") }

  /// Its name or path; nil: it is not to be looked for.
  static var name: String? { given == "none" ? nil : given ?? "ctxtop" }

  /// Whether the user said where it is: then it is an error that it is not there.
  static var isGiven: Bool { given != nil }
}

extension Endpoint {
  /// The connection to its host; nil: it is on this machine.
  package var host: RemoteHost? { remote.map { RemoteHosts.host(for: $0.account) } }
}
