// HTTP for one worker: FlyingFox reads requests and writes responses; who answers does so on threads of its own.

import FlyingFox
import FlyingSocks
import FoundationEssentials
import Glibc
import Synchronization

/// A request, as far as the shop looks at it.
struct Incoming: Sendable {
  let method: String
  let path: String
  /// Who it is from.
  let user: String
}

/// The HTTP server of one worker.
final class WorkerServer: Sendable {
  /// Longer than anything in the shop takes.
  private static let patience = 60.0
  /// For so long requests that are open may go on when the worker ends.
  private static let grace = 6.0

  private let server: HTTPServer
  private let gate: Gate
  private let running = Mutex<Task<Void, Never>?>(nil)

  /// Serves what comes to `listener`. `serve` is not waited for; it answers once.
  init(listener: Int32, _ serve: @escaping @Sendable (Incoming, Answer) -> Void) {
    gate = Gate(listener: listener)
    let pool = InheritingPool(base: HTTPServer.defaultPool(), gate: gate)
    // Its place is taken by the inherited socket before anybody could connect to it.
    let placeholder = sockaddr_un.unix(abstractNamespace: "ctxtop-demo-\(getpid())")
    let configuration = HTTPServer.Configuration(
      address: placeholder, timeout: Self.patience, pool: pool, logger: .disabled)
    let gate = gate
    server = HTTPServer(config: configuration, handler: Handler(serve: serve, gate: gate))
  }

  /// Begins to accept, and returns.
  func start() {
    let server = server
    // It ends by an error in any case: that of a listening socket that is gone.
    running.withLock { $0 = Task { try? await server.run() } }
  }

  /// Accepts nothing more, and returns when all that was accepted has been answered.
  func drain() {
    gate.close()
    let done = Signpost()
    let (server, running) = (server, running.withLock { $0 })
    Task {
      await server.stop(timeout: Self.grace)
      await running?.value
      done.signal()
    }
    done.wait()
  }

  private struct Handler: HTTPHandler {
    let serve: @Sendable (Incoming, Answer) -> Void
    let gate: Gate

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
      let cookie = request.headers[.cookie] ?? ""
      let user = cookie.hasPrefix("user=") ? String(cookie.dropFirst(5)) : ""
      let incoming = Incoming(method: request.method.rawValue, path: request.path, user: user)
      var response = await withCheckedContinuation { serve(incoming, Answer($0)) }
      if gate.isClosed { response.headers[.connection] = "close" }
      return response
    }
  }
}

/// Makes a thread wait for something that a task does.
private final class Signpost: @unchecked Sendable {
  // Sendable: semaphores are for several threads.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func signal() { sem_post(semaphore) }

  func wait() { while sem_wait(semaphore) != 0 {} }
}
