// A command of ssh that ends by itself: what it wrote, what it said, and its status.

import Glibc

/// One call of ssh over a connection that is there.
final class RemoteCommand {
  /// What came of it.
  struct Outcome {
    let output: [UInt8]
    let said: String
    let status: Int32
  }

  /// Nothing that is asked for is longer.
  private static let limit = 1_048_576

  private let host: RemoteHost
  private let child: ChildProcess
  private var output: [UInt8] = []
  private var said = SaidText()
  private var hasEnded = false

  /// Runs a command line there.
  convenience init(_ host: RemoteHost, _ line: String) throws(StoreError) {
    try self.init(host, output: .pipe) { $0.session(over: $1, line) }
  }

  /// Has the connection listen at `local` for what listens there at `remote`.
  convenience init(_ host: RemoteHost, forwarding local: String, to remote: String) throws(StoreError) {
    try self.init(host, output: .none) { $0.forwarding(over: $1, local, to: remote) }
  }

  private init(
    _ host: RemoteHost, output: ChildProcess.Stream, _ arguments: (SSHClient, String) -> [String]
  ) throws(StoreError) {
    guard let socket = host.socket else { throw .closed(host.account.name) }
    let client = try SSHClient(host.account)
    self.host = host
    hasEnded = output == .none
    do {
      child = try ChildProcess(
        client.path, arguments(client, socket), output: output, environment: SSHClient.unasking)
    } catch {
      throw .ssh(host: host.account.name, .system(error))
    }
  }

  /// What to wait for.
  var pollRequests: [PollRequest] {
    ([child.errors, child.end] + (hasEnded ? [] : [child.output])).map { PollRequest(descriptor: $0) }
  }

  /// Does what can be done now; nil: it goes on.
  func advance() throws(StoreError) -> Outcome? {
    do {
      let status = child.status()
      try read()
      try listen()
      guard let status else { return nil }
      _ = said.finish()
      return Outcome(output: output, said: said.last ?? "", status: status)
    } catch let error as StoreError {
      throw error
    } catch let error as SystemError {
      throw .ssh(host: host.account.name, .system(error))
    } catch {
      throw .closed(host.account.name)
    }
  }

  /// Waits for the end.
  func wait(until deadline: UInt64) throws(StoreError) -> Outcome {
    while true {
      if let outcome = try advance() { return outcome }
      let now = System.monotonicTime()
      guard now < deadline else { throw .ssh(host: host.account.name, .timedOut) }
      do {
        _ = try System.poll(pollRequests, timeout: deadline - now)
      } catch {
        throw .ssh(host: host.account.name, .system(error))
      }
    }
  }

  private func read() throws {
    while !hasEnded, let count = try System.read(child.output, into: &output, limit: 65_536) {
      if count == 0 { hasEnded = true }
      if output.count > Self.limit { throw StoreError.notOurProtocol(host.account.name) }
    }
  }

  private func listen() throws(SystemError) {
    var bytes: [UInt8] = []
    for _ in 0..<8 {
      guard let count = try System.read(child.errors, into: &bytes, limit: 4096), count > 0 else { break }
    }
    said.take(bytes)
  }
}

extension RemoteCommand.Outcome {
  /// What it means that this is not what was asked for.
  func failure(of host: RemoteHost) -> StoreError {
    .ssh(host: host.account.name, .ended(said: said, status: status))
  }
}
