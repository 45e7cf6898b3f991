// The way to an app where there is no ctxtop on the far side: its socket is looked up by one `ls`, and ssh forwards a
// socket of ours to it. The segment cannot be read this way.

/// A forwarding in the making. Nothing blocks.
final class ForwardedSocket {
  private enum Phase {
    case listing(RemoteCommand)
    case forwarding(RemoteCommand, Forward)
  }

  private static let patience: UInt64 = 15_000_000_000

  private let host: RemoteHost
  private let app: RemoteApp
  private var phase: Phase
  /// When it is given up.
  let deadline: UInt64

  /// Begins to look for an app on a host that is connected.
  init(_ host: RemoteHost, _ app: RemoteApp, now: UInt64) throws(StoreError) {
    self.host = host
    self.app = app
    deadline = now &+ Self.patience
    if case .path(let path) = app {
      phase = try Self.forward(host, to: path)
    } else {
      phase = .listing(try RemoteCommand(host, FarListing.command))
    }
  }

  /// What to wait for besides the deadline.
  var pollRequests: [PollRequest] {
    switch phase {
    case .listing(let command), .forwarding(let command, _): command.pollRequests
    }
  }

  /// Does what can be done now; the way there, once it is.
  func advance(now: UInt64) throws(StoreError) -> Forward? {
    if case .listing(let command) = phase, let outcome = try command.advance() {
      let services = try FarListing.services(outcome, of: host)
      do {
        phase = try Self.forward(host, to: Target.choose(app, in: services).socketPath)
      } catch {
        throw .on(host: host.account.name, error)
      }
    }
    if case .forwarding(let command, let forward) = phase, let outcome = try command.advance() {
      guard outcome.status == 0 else { throw outcome.failure(of: host) }
      host.forwards[app.key] = forward
      return forward
    }
    if now >= deadline { throw .ssh(host: host.account.name, .timedOut) }
    return nil
  }

  private static func forward(_ host: RemoteHost, to remote: String) throws(StoreError) -> Phase {
    // ssh reads colons, percent and dollar signs in a path: a service's directory has none.
    guard remote.hasSuffix(".sock"), remote.utf8.count < 108, remote.utf8.allSatisfy(Self.isPlain) else {
      throw .cannotForward(host: host.account.name, path: remote)
    }
    let forward = Forward(account: host.account, local: try host.newSocketPath(), remote: remote)
    return .forwarding(try RemoteCommand(host, forwarding: forward.local, to: remote), forward)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "/._+@=,-".utf8.contains(byte)
  }
}
