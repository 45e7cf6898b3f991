// FlyingFox opens its listening socket itself, and takes none that is there. But how its sockets wait is for its users
// to say. The first that waits is the listening one; by then this pool has put the inherited socket in its place, under
// the same number. And it can end the waiting alone, so that a worker accepts nothing more and finishes what it has.

import FlyingSocks
import Glibc
import Synchronization

/// Sockets that wait as `base` has them wait, the first of them being the inherited one.
struct InheritingPool<Base: AsyncSocketPool>: AsyncSocketPool {
  let base: Base
  let gate: Gate

  func prepare() async throws { try await base.prepare() }

  func run() async throws { try await base.run() }

  func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
    guard gate.isListener(socket.file.rawValue) else {
      return try await base.suspendSocket(socket, untilReadyFor: events)
    }
    let waiting = Task { try await base.suspendSocket(socket, untilReadyFor: events) }
    guard gate.hold(waiting) else {
      waiting.cancel()
      throw SocketError.disconnected
    }
    do {
      try await withTaskCancellationHandler {
        try await waiting.value
      } onCancel: {
        waiting.cancel()
      }
    } catch is CancellationError where gate.isClosed {
      // To the library the end of a listening socket: it waits for its connections, and is done.
      throw SocketError.disconnected
    }
  }
}

/// What of the listening socket is shared: which it is, who waits for it, and whether nobody shall any more.
final class Gate: Sendable {
  private struct State {
    var listener: Int32
    var number: Int32?
    var waiting: Task<Void, any Error>?
    var isClosed = false
  }

  private let state: Mutex<State>

  /// Takes over the descriptor.
  init(listener: Int32) { state = Mutex(State(listener: listener)) }

  /// Whether the descriptor is the listening socket; the first that is asked about is made it.
  func isListener(_ descriptor: Int32) -> Bool {
    state.withLock { state in
      if let number = state.number { return number == descriptor }
      dup2(state.listener, descriptor)
      close(state.listener)
      state.number = descriptor
      return true
    }
  }

  /// Remembers who waits; false: nobody is to wait any more.
  func hold(_ waiting: Task<Void, any Error>) -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      state.waiting = waiting
      return true
    }
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Ends the waiting: nothing more is accepted.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      return state.waiting
    }
    waiting?.cancel()
  }

  private func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }
}
