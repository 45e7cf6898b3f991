// The facts about one service, as one pass over its workers found them. Facts only: what a fact means
// (leaked, wedged, slow) is judged by CtxtopModel, from one or two of these.
//
//   Snapshot -> Worker -> Unit -> Context            Snapshot.swift, Worker.swift, Unit.swift
//                      -> Server, Runtime            Server.swift
//                      -> Counters                   Counters.swift
//                      -> Connection, Engine         Connection.swift
//                      -> TeardownFailure            TeardownFailure.swift
//                      -> LatencyHistogram           LatencyHistogram.swift
//                      -> Origin                     Origin.swift, of several targets
//            -> ControlAction                        ControlAction.swift
//
// These are the operator's values. The guest has none of them: it writes a record from the words of its segment
// (SlotRecorder) and prints JSON from a record (SnapshotJSON). A record is read back here (RecordDecoder), and a
// snapshot can be written as one again (RecordEncoder).

/// One pass over all workers of a service; each record in it is consistent in itself, the pass is not an instant.
public struct Snapshot: Equatable, Sendable {
  /// The service's name as it is shown: `[A-Za-z0-9._-]`, at most 48 bytes.
  public var service: String
  /// The host name as the answering process knows it.
  public var host: String
  /// When the pass began: nanoseconds since 1970, UTC.
  public var wallTime: UInt64
  /// When the pass began: nanoseconds of the serving host's monotonic clock. All other times that are
  /// not called wall time are of this clock.
  public var monotonicTime: UInt64
  /// The workers, by slot. A slot that never had a tenant is not here.
  public var workers: [Worker]
  /// The targets that this is a snapshot of, when several are watched together; empty: it is of one service.
  public var targets: [WatchedTarget]
  /// So many actions are remembered.
  public static let actionLimit = 16
  /// The latest of what clients asked to be done, the oldest first; at most `actionLimit`.
  public var actions: [ControlAction] = []
  /// How many of them there were.
  public var actionCounts = ActionCounts()

  /// A snapshot of no workers.
  public init(service: String = "", host: String = "", wallTime: UInt64 = 0, monotonicTime: UInt64 = 0) {
    self.service = service
    self.host = host
    self.wallTime = wallTime
    self.monotonicTime = monotonicTime
    self.workers = []
    self.targets = []
  }
}
