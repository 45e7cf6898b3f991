// Where things come from when several targets are watched together. A snapshot of one target has none of this.

/// Which target a worker belongs to, and which pass over it tells of the worker. All workers of a pass share one.
public final class Origin: Equatable, Sendable {
  /// Slots of one target are below this; a greater one is that of a liar, and is cut.
  private static let slotBits = 24

  /// The target's name, as the user knows it.
  public let target: String
  /// The target's place among all: what makes its slots differ from those of all others.
  public let place: Int
  /// When the pass was, by the clock of the whole snapshot (monotonic).
  public let seen: UInt64
  /// Whether nothing comes from the target any more: what is known is what was known last.
  public let isLost: Bool

  /// An origin with every part given; `place` is at least 0.
  public init(target: String, place: Int, seen: UInt64, isLost: Bool = false) {
    self.target = target
    self.place = place
    self.seen = seen
    self.isLost = isLost
  }

  /// A slot of this target's segment as a number that no slot of another target has.
  func slot(_ own: Int) -> Int { place << Self.slotBits | own & (1 << Self.slotBits - 1) }

  /// Whether both say the same; those of one pass are one object.
  public static func == (one: Origin, other: Origin) -> Bool {
    one === other
      || one.target == other.target && one.place == other.place && one.seen == other.seen && one.isLost == other.isLost
  }
}

/// How a target does.
public enum TargetState: String, CaseIterable, Sendable {
  // The worst first.
  case lost, missing, segment, connecting, live
}

/// One of several targets.
public struct WatchedTarget: Equatable, Sendable {
  /// Its name, as the user knows it.
  public var name: String
  /// How it does.
  public var state: TargetState
  /// Since when it is lost (monotonic, by the watcher's clock); nil: it is not.
  public var since: UInt64?
  /// Whether only somebody who answers ssh can bring it back.
  public var isAsking: Bool
  /// Why it is lost or missing, as one line; empty where there is nothing to say.
  public var reason: String
  /// The service's own name; empty before the first pass.
  public var service: String
  /// The host that it runs on; empty before the first pass.
  public var host: String

  /// A target with every part given.
  public init(
    name: String, state: TargetState = .connecting, since: UInt64? = nil, isAsking: Bool = false, reason: String = "",
    service: String = "", host: String = ""
  ) {
    self.name = name
    self.state = state
    self.since = since
    self.isAsking = isAsking
    self.reason = reason
    self.service = service
    self.host = host
  }
}
