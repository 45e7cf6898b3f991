// What a context stack belongs to (a thread, greenlet or task), and the contexts on that stack.

/// One thread, greenlet or task, and the context stack that belongs to it.
public struct Unit: Equatable, Sendable {
  /// The unit's index in its worker.
  public var id: Int
  /// Which tenant of that index this is.
  public var generation: UInt64
  /// Thread, greenlet or task.
  public var kind: UnitKind
  /// The kernel's thread id of the unit (or of its carrier when first seen).
  public var nativeID: UInt64
  /// The unit's name, e.g. `ThreadPoolExecutor-0_1`; empty where it has none.
  public var name: String
  /// Whether the thread, greenlet or task has ended.
  public var isGone: Bool
  /// App contexts on the stack, as the real stack told when the agent last read it.
  public var appDepth: Int
  /// Request contexts on the stack, likewise.
  public var requestDepth: Int
  /// Requests begun on this unit.
  public var requests: UInt64
  /// Of those, requests that ran on an app context which they did not push.
  public var reused: UInt64
  /// The serial number of the unit's latest request, open or closed; 0 before the first.
  public var latestRequest: UInt64
  /// The request being served; nil while there is none.
  public var request: Request?
  /// The serial number of the outermost open request, where the one being served began inside of others (an
  /// application that calls itself); 0: it is the only one.
  public var outermostRequest: UInt64
  /// The last event (monotonic).
  public var lastEvent: UInt64
  /// The contexts on the stack, bottom first. May be fewer than the depths say: see `Dropped.contexts`.
  public var contexts: [Context]

  /// A unit of which nothing is known yet.
  public init(id: Int = 0, generation: UInt64 = 0) {
    self.id = id
    self.generation = generation
    kind = .thread
    nativeID = 0
    name = ""
    isGone = false
    appDepth = 0
    requestDepth = 0
    requests = 0
    reused = 0
    latestRequest = 0
    request = nil
    outermostRequest = 0
    lastEvent = 0
    contexts = []
  }
}

/// How a request is named: never by path, query or any other value that came with it.
public struct RequestLabel: Equatable, Sendable {
  /// `GET`, `POST`, ...; `OTHER` for a method that HTTP does not define; empty where not known.
  public var method: String
  /// The endpoint that the router found; nil before routing, or when nothing matched.
  public var endpoint: String?
  /// The rule that the router matched, e.g. `/chat/<id>`.
  public var rule: String?

  /// A label of the given parts.
  public init(method: String = "", endpoint: String? = nil, rule: String? = nil) {
    self.method = method
    self.endpoint = endpoint
    self.rule = rule
  }
}

/// A request that is being served: begun, and its response not yet closed.
public struct Request: Equatable, Sendable {
  /// Unique within its worker's generation; never 0.
  public var serial: UInt64
  /// How it is named.
  public var label: RequestLabel
  /// When it began (monotonic).
  public var started: UInt64
  /// Whether the application has returned and the server is iterating over the response.
  public var isStreaming: Bool

  /// A request with every part given.
  public init(serial: UInt64, label: RequestLabel, started: UInt64, isStreaming: Bool = false) {
    self.serial = serial
    self.label = label
    self.started = started
    self.isStreaming = isStreaming
  }
}

/// One context on a unit's stack.
public struct Context: Equatable, Sendable {
  /// Unique within its worker's generation; never 0.
  public var serial: UInt64
  /// App or request context.
  public var kind: ContextKind
  /// Whether the framework kept it on purpose (a test client in a `with`, a debugger).
  public var isPreserved: Bool
  /// When it was pushed (monotonic); when first seen, where the push was not.
  public var pushed: UInt64
  /// When the agent found it still on the stack although its request was closed (monotonic); nil: it did not.
  public var left: UInt64?
  /// The serial number of the request that pushed it; 0: pushed outside of any request.
  public var request: UInt64
  /// How that request is named; nil outside of any request.
  public var label: RequestLabel?
  /// Where it was pushed, `file:line function`, when that was not the framework's own doing; empty otherwise.
  public var frame: String
  /// Requests that ran on it without having pushed it.
  public var served: UInt64

  /// A context of which nothing but its name is known yet.
  public init(serial: UInt64, kind: ContextKind) {
    self.serial = serial
    self.kind = kind
    isPreserved = false
    pushed = 0
    left = nil
    request = 0
    label = nil
    frame = ""
    served = 0
  }
}
