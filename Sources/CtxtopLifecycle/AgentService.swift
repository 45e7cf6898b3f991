// The agent as one of a server's services: it is attached while they run. Built with the package's trait
// ServiceLifecycle.

#if ServiceLifecycle
  public import CtxtopContexts
  public import ServiceLifecycle

  /// Attaches the process of an app, and takes it off its service when the server shuts down. Put it before the services
  /// that serve requests: those end first.
  public struct AgentService: Service {
    private let app: App
    private let configuration: AgentConfiguration
    private let failed: @Sendable (AgentFailure) -> Void

    /// `failed` is told why the process cannot be monitored. The server works all the same.
    public init(
      _ app: App, _ configuration: AgentConfiguration = AgentConfiguration(),
      failed: @escaping @Sendable (AgentFailure) -> Void = { _ in }
    ) {
      self.app = app
      self.configuration = configuration
      self.failed = failed
    }

    /// Runs until the server shuts down.
    public func run() async throws {
      do { try app.start(configuration) } catch { failed(error) }
      defer { app.stop() }
      try await gracefulShutdown()
    }
  }
#endif
