// What a request is called: by method, endpoint and rule, never by its path. The text is given to the agent once and
// then named by a number, which is kept here: an event costs the same however long a rule is.

import CtxtopAgent
import CtxtopScoreboard

/// A route of an app. Make it once, when the app is set up, and describe each request by it.
public final class Route: Sendable {
  /// The name of what serves the request.
  public let endpoint: String
  /// The rule that led to it, such as `/cart/<id>`.
  public let rule: String
  /// The group that the route belongs to.
  public let group: RouteGroup?
  private let names = AttachedNumber()

  /// A route by its endpoint, rule and group.
  public init(endpoint: String, rule: String, group: RouteGroup? = nil) {
    self.endpoint = endpoint
    self.rule = rule
    self.group = group
  }

  /// The numbers of endpoint and rule under the present attachment; 0: there is none, or no room for them.
  @inline(__always)
  var label: (endpoint: UInt32, rule: UInt32) {
    let word = names.value { (Agent.name(endpoint) as UInt64) | (Agent.name(rule) as UInt64) &<< 24 }
    return (UInt32(truncatingIfNeeded: word) & 0xff_ffff, UInt32(truncatingIfNeeded: word &>> 24) & 0xff_ffff)
  }
}

/// A request as it is shown: a method and a route. Methods that HTTP does not know are shown as `OTHER`.
public struct RequestDescription: Sendable {
  /// The route that serves it.
  public let route: Route
  let method: UInt8

  /// A request by its method and route.
  public init(method: String, route: Route) {
    var method = method
    self.method = method.withUTF8 { $0.baseAddress.map { [count = $0.count] in Method.number($0, count) } ?? 0 }
    self.route = route
  }

  /// The same with a route of its own. Servers with many requests make their routes beforehand.
  public init(method: String, endpoint: String, rule: String, group: RouteGroup? = nil) {
    self.init(method: method, route: Route(endpoint: endpoint, rule: rule, group: group))
  }

  /// The request that the calling unit works for; a task also works for the request that it was made in. Nil: none.
  public static var current: RequestDescription? {
    if let context = RequestContext.current { return context.request }
    return TaskUnit.isExpected ? TaskScope.current?.request : nil
  }

  /// The method, such as `GET`.
  public var methodName: String { "\(Method.name(method))" }
}

extension Agent {
  /// The calling unit's open request is called so.
  @inline(__always)
  static func nameRequest(_ request: RequestDescription) {
    let names = request.route.label
    nameRequest(endpoint: names.endpoint, rule: names.rule)
  }
}
