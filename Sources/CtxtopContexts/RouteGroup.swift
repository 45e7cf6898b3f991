// Groups of routes: Flask's blueprints.

/// A group of routes of an app, with teardown functions of its own. Made by `App.group`.
public final class RouteGroup: Sendable {
  /// The group's name.
  public let name: String
  /// The group around it.
  public let parent: RouteGroup?
  let requestTeardown = TeardownRegister<RequestContext>()

  init(_ name: String, parent: RouteGroup?) {
    self.name = name
    self.parent = parent
  }

  /// A group inside this one; its teardown functions run before this one's.
  public func group(_ name: String) -> RouteGroup { RouteGroup(name, parent: self) }

  /// Runs when a request of this group is over: last registered first. The error is what the request's work ended with.
  public func teardownRequest(
    _ name: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping @Sendable (RequestContext, (any Error)?) throws -> Void
  ) {
    requestTeardown.add(TeardownFunction(name, file, line, function))
  }
}
