// What runs on another host: its ctxtop tells, or a listing of the places where services leave their sockets.

import Glibc

extension RemoteHost {
  private static let patience: UInt64 = 20_000_000_000

  /// What the ctxtop there prints; nil: there is none. Waits for it.
  package func run(_ arguments: [String]) throws(StoreError) -> (output: String, said: String, status: Int32)? {
    guard let program = RemoteProgram.name else { return nil }
    let deadline = System.monotonicTime() &+ Self.patience
    let outcome = try RemoteCommand(self, ShellWords.line([program] + arguments)).wait(until: deadline)
    if [126, 127].contains(outcome.status) {
      if RemoteProgram.isGiven { throw .noFarProgram(host: account.name) }
      self.program = .absent
      return nil
    }
    if outcome.status == 255 { throw outcome.failure(of: self) }
    return (String(decoding: outcome.output, as: UTF8.self), outcome.said, outcome.status)
  }

  /// The services that a listing shows, with the targets that they are. Waits for it.
  package func services() throws(StoreError) -> (services: Services, targets: [RemoteTarget]) {
    let deadline = System.monotonicTime() &+ Self.patience
    let services = try FarListing.services(
      try RemoteCommand(self, FarListing.command).wait(until: deadline), of: self)
    let targets = services.found.map { RemoteTarget(account: account, app: .path($0.socketPath)) }
    return (services, targets)
  }
}
