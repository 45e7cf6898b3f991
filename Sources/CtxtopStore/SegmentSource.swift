// Snapshots from the segment file itself, for when no worker can answer: all of them stopped, or dead.

import CtxtopScoreboard
import CtxtopSnapshot

/// The segment file as a source.
package final class SegmentSource: SnapshotSource {
  /// How often the file is read.
  package var interval: UInt64 {
    didSet { if interval != oldValue { nextPass = 0 } }
  }
  /// Whether each snapshot is preceded by the record that an exporter would have made of it.
  package var givesRecords = false
  /// Reads the file at a path; replaced in tests.
  package typealias Read = (String) throws(SegmentError) -> Snapshot

  private let endpoint: Endpoint
  private let path: String
  private let readFile: Read?
  private var nextPass: UInt64 = 0
  private var state = SourceState.connecting

  /// The segment at `path`, trusted as `endpoint` says.
  package init(
    _ endpoint: Endpoint, path: String, interval: UInt64, read: Read? = nil
  ) {
    readFile = read
    self.endpoint = endpoint
    self.path = path
    self.interval = interval
  }

  /// A file is always ready.
  package var pollRequests: [PollRequest] { [] }
  /// The next pass.
  package var deadline: UInt64? { nextPass }

  /// Reads the file when it is time to.
  package func advance(now: UInt64) -> [SourceEvent] {
    guard now >= nextPass else { return [] }
    nextPass = now &+ interval
    do {
      let snapshot = try read()
      let record: [SourceEvent] = givesRecords ? [.record(RecordEncoder.encode(snapshot))] : []
      return change(to: .segment(reason: nil)) + record + [.snapshot(snapshot)]
    } catch {
      if case .reconnecting(let since, _) = state { return change(to: .reconnecting(since: since, reason: error)) }
      return change(to: .reconnecting(since: now, reason: error))
    }
  }

  /// The file is opened for each pass: a service that starts anew makes a new one.
  private func read() throws(StoreError) -> Snapshot {
    do {
      // An explicit path may be a link; a file that was found may not. What is read is checked again once it is open.
      let path = endpoint.trustedOwner == nil ? path : System.realPath(path) ?? path
      let status = try System.linkStatus(path)
      if status.kind == .symbolicLink { throw StoreError.refused(path: path, .symbolicLink) }
      guard status.kind == .regular else { throw StoreError.notATarget(path) }
      guard endpoint.trusts(status.owner) else {
        throw StoreError.refused(path: path, .foreignOwner(status.owner))
      }
      if let readFile { return try readFile(path) }
      return try readSegment(path)
    } catch let error as StoreError {
      throw error
    } catch let error as SystemError {
      throw StoreError.system(error, path: path)
    } catch let error as SegmentError {
      throw describe(error)
    } catch {
      throw StoreError.damagedSegment(path)
    }
  }

  /// One pass over the segment at `path`, if the open file belongs to somebody whom the endpoint trusts.
  private func readSegment(_ path: String) throws(SegmentError) -> Snapshot {
    var reader = try SegmentReader(path: path) { endpoint.trusts($0) }
    return try reader.snapshot()
  }

  private func describe(_ error: SegmentError) -> StoreError {
    switch error {
    case .system(let failure): .system(SystemError(failure.doing.description, failure.code), path: path)
    case .notASegment: .notASegment(path)
    case .foreignOwner(let owner): .refused(path: path, .foreignOwner(owner))
    case .otherVersion(let version): .otherSegmentVersion(path, version: Int(version))
    case .malformed: .damagedSegment(path)
    }
  }

  private func change(to new: SourceState) -> [SourceEvent] {
    guard new != state else { return [] }
    state = new
    return [.state(new)]
  }
}
