// One `ctxtop relay` on another host, as a child of ours: lines in, records and lines out.

import CtxtopSnapshot
import Glibc

/// A relay that runs.
final class RelaySession {
  /// A relay says something at least every second.
  private static let patience: UInt64 = 5_000_000_000
  /// Until the first word: a login may be slow.
  private static let firstPatience: UInt64 = 15_000_000_000
  private static let readSize = 65_536
  /// Reads at a stretch, so that a fast peer cannot keep the loop from the keyboard.
  private static let readLimit = 8

  private let host: RemoteHost
  private let name: String
  private let child: ChildProcess
  private var stream: RelayStream
  private var said = SaidText()
  private var unsent: [UInt8]
  private var failure: FarFailure?
  private var hasEnded = false
  private var heard: UInt64

  /// Runs a relay for `app` over the connection to `host`, and sends it `request`. `name` appears in errors.
  init(_ host: RemoteHost, _ app: RemoteApp, name: String, request: String, now: UInt64) throws(StoreError) {
    guard let socket = host.socket, let program = RemoteProgram.name else { throw .closed(name) }
    self.host = host
    self.name = name
    heard = now
    unsent = Array((request + "\n").utf8)
    stream = RelayStream(path: name)
    let line = ShellWords.line([program, "relay"] + (app.argument.map { ["--", $0] } ?? []))
    let client = try SSHClient(host.account)
    do {
      child = try ChildProcess(
        client.path, client.session(over: socket, line), input: .pipe, output: .pipe, environment: SSHClient.unasking)
    } catch {
      throw .ssh(host: host.account.name, .system(error))
    }
  }

  /// What to wait for besides the deadline.
  var pollRequests: [PollRequest] {
    var requests = [PollRequest(descriptor: child.errors), PollRequest(descriptor: child.end)]
    if !hasEnded { requests.append(PollRequest(descriptor: child.output)) }
    if !unsent.isEmpty { requests.append(PollRequest(descriptor: child.input, writes: true)) }
    return requests
  }

  /// When it has said nothing for too long.
  var deadline: UInt64 { heard &+ (stream.hasGreeted ? Self.patience : Self.firstPatience) }

  /// Sends one more request.
  func ask(_ request: String) { unsent += Array((request + "\n").utf8) }

  /// Everything that has arrived, passed on one by one. Throws at the end of the session.
  func receive(now: UInt64, keepingRecords: Bool, _ deliver: (RelayStream.Item) -> Void) throws(StoreError) {
    stream.keepsRecord = keepingRecords
    do {
      try send()
      try listen()
      for _ in 0..<Self.readLimit {
        guard !hasEnded, let count = try read() else { break }
        if count == 0 { hasEnded = true } else { heard = now }
        while let item = try stream.next() {
          if case .word(.failed(let why)) = item { failure = why }
          deliver(item)
        }
      }
    } catch let error as StoreError {
      throw error
    } catch let error as SystemError {
      throw .ssh(host: host.account.name, .system(error))
    } catch {
      throw .closed(name)
    }
    if let status = child.status() { throw ended(status) }
    if now >= deadline { throw .silent(name) }
  }

  private func send() throws(SystemError) {
    guard !unsent.isEmpty, child.input >= 0 else { return }
    let count = unsent.withUnsafeBytes { Glibc.write(child.input, $0.baseAddress, $0.count) }
    if count > 0 { unsent.removeFirst(count) }
    // Whoever does not listen any more may have said why.
    if count < 0, errno != EAGAIN, errno != EINTR { unsent = [] }
  }

  private func listen() throws(SystemError) {
    var bytes: [UInt8] = []
    for _ in 0..<Self.readLimit {
      guard let count = try System.read(child.errors, into: &bytes, limit: 4096), count > 0 else { break }
    }
    said.take(bytes)
  }

  private func read() throws(SystemError) -> Int? {
    try stream.fill { (buffer) throws(SystemError) in
      try System.read(child.output, into: &buffer, limit: Self.readSize)
    }
  }

  /// What an exit status means.
  private func ended(_ status: Int32) -> StoreError {
    try? listen()
    _ = said.finish()
    if let failure { return .far(host: host.account.name, failure) }
    if stream.hasGreeted { return .closed(name) }
    // What a shell says where there is no such command, or none that it can run.
    if status == 127 || status == 126 { return .noFarProgram(host: host.account.name) }
    if status == 255 {
      return .ssh(host: host.account.name, .ended(said: said.last ?? "", status: status))
    }
    return .noRelay(host: host.account.name, said: said.last ?? "", status: status)
  }
}
