#if ServiceLifecycle
  import CCtxtop
  import CtxtopContexts
  import CtxtopLifecycle
  import Logging
  import ServiceLifecycle
  import Testing

  extension AdapterTests {
    @Suite("ServiceLifecycle")
    struct LifecycleTests {
      private let watched = Watched()

      /// Ends as soon as it has looked.
      private struct Look: Service {
        let body: @Sendable () -> Void
        func run() async throws { body() }
      }

      private func serve(_ agent: AgentService, _ body: @escaping @Sendable () -> Void) async throws {
        let group = ServiceGroup(
          configuration: .init(
            services: [
              ServiceGroupConfiguration.ServiceConfiguration(service: agent),
              ServiceGroupConfiguration.ServiceConfiguration(
                service: Look(body: body), successTerminationBehavior: .gracefullyShutdownGroup),
            ], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })))
        try await group.run()
      }

      @Test("The process is attached while its services run")
      func attached() async throws {
        try await serve(AgentService(App(name: "shop"))) {
          for _ in 0..<1000 where !App.isMonitored { usleep(10_000) }
          #expect(App.isMonitored)
        }
        #expect(!App.isMonitored)
      }

      @Test("A server that cannot be monitored runs all the same, and says why")
      func unmonitored() async throws {
        setenv("CTXTOP_DIR", "/nonexistent/place", 1)
        let said = Guarded<[String]>([])
        let agent = AgentService(App(name: "shop")) { failure in said.withLock { $0.append(failure.line) } }
        try await serve(agent) {
          for _ in 0..<1000 where said.withLock({ $0.isEmpty }) { usleep(10_000) }
        }
        #expect(said.withLock { $0.count } == 1)
        #expect(said.withLock { $0.first }?.contains("runtime directory") == true)
      }
    }
  }
#endif
