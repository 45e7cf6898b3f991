#if Logging
  import CtxtopContexts
  import CtxtopLogging
  import Logging
  import Testing

  /// Keeps what is logged.
  private struct Kept: LogHandler {
    static let lines = Guarded<[(message: String, metadata: Logger.Metadata)]>([])
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    var metadataProvider: Logger.MetadataProvider?
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let all = (event.metadata ?? [:]).merging(metadataProvider?.get() ?? [:]) { one, _ in one }
      Self.lines.withLock { $0.append(("\(event.message)", all)) }
    }
  }

  extension AdapterTests {
    @Suite("swift-log")
    struct LoggingTests {
      @Test("A teardown function that throws is logged with the request it threw for")
      func failures() throws {
        let logger = Logger(label: "shop") { _ in Kept(metadataProvider: .ctxtop) }
        let app = App(name: "shop", policy: .pop)
        app.logTeardownFailures(to: logger)
        app.teardownApp("close") { _, _ in }
        app.teardownApp("commit") { _, _ in throw Refused() }
        let request = RequestDescription(method: "GET", endpoint: "cart", rule: "/cart")
        #expect(throws: TeardownFailure.self) {
          try app.withRequest(request) { _ in logger.info("in the request") }
        }
        logger.info("outside")
        let lines = Kept.lines.withLock { $0 }
        #expect(lines.map(\.message).count == 3)
        #expect(lines[0].metadata == ["method": "GET", "endpoint": "cart", "rule": "/cart"])
        #expect(lines[1].message.contains("teardown function commit"))
        #expect(lines[1].metadata["teardown"] == "commit")
        #expect(lines[1].metadata["skipped"] == ["close"])
        #expect(lines[2].metadata == [:])
      }
    }
  }
#endif
