// A dashboard at the hands of a test: time, size and snapshots are given to it.

import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import CtxtopSettings

/// A state, and what was asked of the run loop so far.
struct Session {
  var state: State
  var effects: [Effect] = []
  private var seconds: UInt64 = 0
  private var passes: UInt64 = 0
  private let service: @Sendable (UInt64) -> Snapshot

  /// A dashboard that has seen so many snapshots of a service, a second apart.
  init(
    _ width: Int = 80, _ height: Int = 24, look: Look = Look(), passes: UInt64 = 2,
    of service: @escaping @Sendable (UInt64) -> Snapshot = { Fixture.shop(at: $0) }
  ) {
    state = State(size: Size(width: width, height: height), look: look)
    self.service = service
    guard passes > 0 else { return }
    send(.source(.live))
    for _ in 0..<passes { receiveNext() }
  }

  /// A dashboard of the service in which everything happens, in a view.
  init(_ width: Int = 80, _ height: Int = 24, look: Look = Look(), market view: ViewName) {
    self.init(width, height, look: look, of: { Fixture.market(at: $0) })
    press(view.key)
  }

  /// What is on the screen.
  var screen: Buffer { view(state) }

  /// The row that is selected; nil: none.
  var selectedLine: String? { screen.lines.first { $0.hasPrefix(String(state.look.shapes.selection)) } }

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

  /// A second passes, then the service's next snapshot comes.
  mutating func receiveNext() {
    receive(service(passes))
    passes += 1
  }

  /// Presses keys.
  mutating func press(_ keys: Key...) {
    for key in keys { send(.key(key)) }
  }

  /// Types a text.
  mutating func type(_ text: String) {
    for character in text { press(.character(character)) }
  }
}
