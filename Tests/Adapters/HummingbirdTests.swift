#if Hummingbird
  import CtxtopContexts
  import CtxtopHummingbird
  import CtxtopSnapshot
  import Glibc
  import Hummingbird
  import Logging
  import Testing

  extension AdapterTests {
    @Suite("Hummingbird")
    struct HummingbirdTests {
      private let watched = Watched()

      @Test("Requests of a real server are served in contexts, streams until they are written")
      func serves() async throws {
        let app = App(name: "shop", stacks: .task)
        let torn = Guarded<[Bool]>([])
        app.teardownRequest("count") { _, error in torn.withLock { $0.append(error == nil) } }
        try app.start()
        defer { app.stop() }
        let router = Router()
        router.add(middleware: ContextMiddleware(app))
        router.get("cart/:id") { [watched] _, _ -> String in
          let unit = try watched.worker().units.first { $0.request != nil }
          let label = unit?.request?.label
          return "\(unit?.kind == .task) \(label?.rule ?? "-") \(unit?.contexts.count ?? 0)"
        }
        router.get("stream") { [watched] _, _ in
          Response(
            status: .ok,
            body: ResponseBody { writer in
              let unit = try watched.worker().units.first { $0.request != nil }
              try await writer.write(
                ByteBuffer(string: "\(unit?.request?.isStreaming == true) \(unit?.contexts.count ?? -1)"))
              try await writer.finish(nil)
            })
        }
        router.get("fail") { _, _ -> String in throw Refused() }
        router.get("missing") { _, _ -> String in throw HTTPError(.notFound) }
        await withServer(router) { port in
          #expect(get("/cart/7", port).hasSuffix("true /cart/{id} 2"))
          #expect(get("/stream", port).contains("true 0"))
          #expect(get("/fail", port).hasPrefix("HTTP/1.1 500"))
          #expect(get("/missing", port).hasPrefix("HTTP/1.1 404"))
        }
        let worker = try watched.worker()
        #expect(torn.withLock { $0 } == [true, true, false, false])
        #expect(worker.counters.requests == 4 && worker.counters.requestsEnded == 4)
        #expect(worker.counters.exceptions == 1)
        #expect(worker.counters.contextsPushed == worker.counters.contextsPopped)
        #expect(worker.counters.contextsLeaked == 0)
      }

      /// Runs a body while a server of the router's listens.
      private func withServer(
        _ router: Router<BasicRequestContext>, _ body: @escaping @Sendable (Int) -> Void
      ) async {
        let (starts, begun) = AsyncStream.makeStream(of: Int.self)
        let port = freePort()
        let server = Application(
          router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
          onServerRunning: { _ in begun.yield(port) },
          logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        await withTaskGroup(of: Void.self) { group in
          group.addTask { try? await server.runService(gracefulShutdownSignals: []) }
          for await port in starts {
            await Task.detached { body(port) }.value
            break
          }
          group.cancelAll()
        }
      }

      /// A port that nobody listens at.
      private func freePort() -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = place(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(socket, $0, size)
            getsockname(socket, $0, &size)
          }
        }
        return Int(UInt16(bigEndian: address.sin_port))
      }

      private func place(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
      }

      /// The whole answer to a request, by a socket of its own.
      private func get(_ path: String, _ port: Int) -> String {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = place(port)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) }
        }
        if connected < 0 { return "not connected" }
        let text = "GET \(path) HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
        _ = send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
          let count = recv(socket, &buffer, buffer.count, 0)
          if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
          bytes += buffer[..<count]
        }
      }
    }
  }
#endif
