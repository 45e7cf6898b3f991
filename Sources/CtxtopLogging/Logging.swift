// Contexts and swift-log: teardown functions that throw go to a logger, and log lines say for which request they are.
// Built with the package's trait Logging.

#if Logging
  public import CtxtopContexts
  public import Logging

  extension App {
    /// Logs each teardown function that throws as an error, in the place of whatever was told of them before.
    public func logTeardownFailures(to logger: Logger) {
      onTeardownFailure { report in
        logger.error("\(report.line)", metadata: Self.metadata(report))
      }
    }

    private static func metadata(_ report: TeardownReport) -> Logger.Metadata {
      var metadata: Logger.Metadata = [:]
      if !report.function.isEmpty { metadata["teardown"] = "\(report.function)" }
      if let group = report.group { metadata["group"] = "\(group)" }
      if !report.skipped.isEmpty { metadata["skipped"] = .array(report.skipped.map { "\($0)" }) }
      return metadata
    }
  }

  extension Logger.MetadataProvider {
    /// Method, endpoint and rule of the request that the calling thread or task works for; nothing where there is none.
    public static let ctxtop = Logger.MetadataProvider {
      guard let request = RequestDescription.current else { return [:] }
      return [
        "method": "\(request.methodName)", "endpoint": "\(request.route.endpoint)", "rule": "\(request.route.rule)",
      ]
    }
  }
#endif
