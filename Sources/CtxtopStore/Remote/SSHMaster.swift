// The one authenticated connection to a host, which everything else goes over. ssh itself listens for the others, on a
// socket in our own directory.

import Glibc

/// A master that runs or ran.
final class SSHMaster {
  /// What the others name to find it.
  let socket: String
  /// So many lines are kept for whoever asks for them.
  private static let limit = 100
  private let mayAsk: Bool
  private let child: ChildProcess
  private var said = SaidText()
  private var untold: [String] = []

  /// Starts it. With `mayAsk` it has the terminal, to ask for what it needs.
  init(_ client: SSHClient, at socket: String, mayAsk: Bool) throws(SystemError) {
    self.socket = socket
    self.mayAsk = mayAsk
    child = try ChildProcess(
      client.path, client.master(at: socket, mayAsk: mayAsk), environment: mayAsk ? [:] : SSHClient.unasking,
      isDetached: !mayAsk)
  }

  /// Readable when it said something or has ended.
  var pollRequests: [PollRequest] { [PollRequest(descriptor: child.errors), PollRequest(descriptor: child.end)] }

  /// Whether it is authenticated: only then the socket gets its name.
  var isListening: Bool { (try? System.linkStatus(socket))?.kind == .socket }

  /// What it said since the last call.
  func newLines() -> [String] {
    listen()
    defer { untold = [] }
    return untold
  }

  private func listen() {
    var bytes: [UInt8] = []
    // Somebody who never stops talking is not listened to for ever.
    for _ in 0..<16 {
      guard let count = try? System.read(child.errors, into: &bytes, limit: 4096), count > 0 else { break }
    }
    untold += said.take(bytes)
    untold.removeFirst(max(0, untold.count - Self.limit))
  }

  /// Why it has ended; nil: it has not.
  func failure() -> SSHFailure? {
    guard let status = child.status() else { return nil }
    listen()
    untold += said.finish()
    return .ended(said, status: status, mayAsk: mayAsk)
  }
}
