// A dashboard at the hands of a test: time, size and snapshots are given to it.

import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit

/// A state, and what was asked of the run loop so far.
struct Session {
  var state: State
  var effects: [Effect] = []
  private var seconds: UInt64 = 0

  /// A dashboard that has seen so many snapshots of the shop, a second apart.
  init(_ width: Int = 80, _ height: Int = 24, look: Look = Look(), passes: UInt64 = 2) {
    state = State(size: Size(width: width, height: height), look: look)
    guard passes > 0 else { return }
    send(.source(.live))
    for pass in 0..<passes { receive(Fixture.shop(at: pass)) }
  }

  /// What is on the screen.
  var screen: Buffer { view(state) }

  /// Sends a message.
  mutating func send(_ message: Message) {
    effects += update(&state, message)
  }

  /// Lets time pass.
  mutating func wait(_ seconds: UInt64 = 1) {
    self.seconds += seconds
    send(.tick(self.seconds * 1_000_000_000))
  }

  /// A second passes, then a snapshot comes.
  mutating func receive(_ snapshot: Snapshot) {
    wait()
    send(.snapshot(snapshot))
  }

  /// Presses keys.
  mutating func press(_ keys: Key...) {
    for key in keys { send(.key(key)) }
  }
}
