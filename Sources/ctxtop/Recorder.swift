// The loop of `ctxtop record`: one `poll` over source, signals and clock. Nobody may look: what goes wrong is told once,
// and what can be tried again is.
//
//   RecordingWriter (CtxtopStore)  the file       Rotation.swift  when it is the next one     Progress.swift  who looks

import CtxtopCurses
import CtxtopModel
import CtxtopSnapshot
import CtxtopStore
import Glibc

/// Records one app.
final class Recorder {
  /// What is wanted.
  struct Plan {
    /// Between records, in nanoseconds.
    let interval: UInt64
    /// How many records; nil: until somebody ends it.
    let count: Int?
    /// For how long, in nanoseconds.
    let period: UInt64?
    /// Whether the app may be missing at first.
    let waits: Bool
  }

  /// What ends a recording, and USR1, which begins a new file.
  private static let signals: [Int32] = [SIGINT, SIGTERM, SIGHUP, SIGUSR1]
  /// Between two looks for an app that is not there.
  private static let lookInterval: UInt64 = 1_000_000_000
  /// A connection that is lost for so long is worth a line.
  private static let patience: UInt64 = 1_000_000_000

  private let plan: Plan
  private let rotation: Rotation
  private let progress: Progress
  private let signals: SignalPipe
  private let end: UInt64?
  private var isDone = false
  private var wantsNewFile = false
  private var writer: RecordingWriter?
  private var service = ""
  private var written = 0
  private var record: [UInt8]?
  private var last: Snapshot?
  private var state = SourceState.connecting
  /// Why there was nothing since the last snapshot.
  private var loss: (since: UInt64, reason: StoreError, isTold: Bool)?
  private var hasNoRoom = false
  private var hasForeignRecords = false

  init(_ plan: Plan, into rotation: Rotation, _ progress: Progress) throws {
    self.plan = plan
    self.rotation = rotation
    self.progress = progress
    end = plan.period.map { System.monotonicTime() &+ $0 }
    do {
      signals = try SignalPipe(Self.signals)
    } catch {
      throw Failure("recording", SystemError("pipe", error.code).description, "try again", .system)
    }
  }

  /// Records what `find` finds until the end.
  func run(_ find: () throws -> Endpoint) throws {
    defer {
      progress.end()
      signals.close()
    }
    try checkFile()
    guard let endpoint = try look(find) else { return }
    let source = LiveSource.open(endpoint, interval: plan.interval)
    source.givesRecords = true
    if !plan.waits { try begin(source, endpoint) }
    while !isDone { try turn(source) }
    try close()
  }

  // MARK: - Before the first record

  /// What is there and is no recording is told at once, and not when the app has come.
  private func checkFile() throws {
    guard let status = try? System.status(rotation.path) else { return }
    do throws(RecordingError) {
      try RecordingWriter.check(rotation.path, status)
    } catch {
      throw failure(error)
    }
  }

  /// The app; nil: somebody ended the waiting for it.
  private func look(_ find: () throws -> Endpoint) throws -> Endpoint? {
    var isTold = false
    while !isDone {
      do {
        return try find()
      } catch let failure as Failure where plan.waits && failure.status.code == ExitStatus.noInput.code {
        if !isTold { progress.note("ctxtop: \(failure.tried): \(failure.happened); waiting for it") }
        isTold = true
        try wait(for: [], until: System.monotonicTime() &+ Self.lookInterval)
      }
    }
    return nil
  }

  /// Without an app there is nothing to record: who did not say that it may come later wants to know.
  private func begin(_ source: any SnapshotSource, _ endpoint: Endpoint) throws {
    let answer = SnapshotClient.passes(1, from: [(endpoint.name, source)], within: SnapshotClient.patience)[0]
    let passes: Passes
    do { passes = try answer.get() } catch { throw Failure(error) }
    receive(passes.state, now: System.monotonicTime())
    record = passes.record
    try take(passes.snapshots[0])
  }

  // MARK: - The loop

  private func turn(_ source: any SnapshotSource) throws {
    try wait(for: [source], until: nextDeadline)
    guard !isDone else { return }
    let now = System.monotonicTime()
    for event in source.advance(now: now) where !isDone {
      switch event {
      case .record(let bytes): record = bytes
      case .snapshot(let snapshot): try take(snapshot)
      case .state(let state): receive(state, now: now)
      }
    }
    if wantsNewFile { try beginNewFile() }
    tellLoss(now: now)
    progress.show(line)
  }

  private var nextDeadline: UInt64? {
    let telling = loss.flatMap { $0.isTold ? nil : $0.since &+ Self.patience }
    return [end, telling].compactMap { $0 }.min()
  }

  /// Waits, and takes in what signals say.
  private func wait(for sources: [any SnapshotSource], until deadline: UInt64?) throws {
    do {
      let deadline = [deadline, end].compactMap { $0 }.min()
      _ = try SnapshotClient.wait(
        for: sources, and: [PollRequest(descriptor: signals.descriptor)], until: deadline)
    } catch {
      throw Failure("waiting for something to record", error.description, "try again", .system)
    }
    for signal in signals.receive() {
      if signal == SIGUSR1 { wantsNewFile = true } else { isDone = true }
    }
    if let end, System.monotonicTime() >= end { isDone = true }
  }

  private func receive(_ state: SourceState, now: UInt64) {
    self.state = state
    switch state {
    case .reconnecting(let since, let reason): loss = (loss?.since ?? since, reason, loss?.isTold ?? false)
    case .segment(let reason?): loss = (loss?.since ?? now, reason, loss?.isTold ?? false)
    case .connecting, .live, .segment, .ended: break
    }
  }

  private func tellLoss(now: UInt64) {
    guard let loss, !loss.isTold, now >= loss.since &+ Self.patience else { return }
    self.loss?.isTold = true
    let failure = Failure(loss.reason)
    var rest = "trying again"
    if case .segment = state { rest = "recording its segment" }
    progress.note("ctxtop: \(failure.tried): \(failure.happened); \(rest)")
  }

  // MARK: - Records

  private func take(_ snapshot: Snapshot) throws {
    defer { record = nil }
    guard let record, snapshot.monotonicTime != last?.monotonicTime else { return }
    guard try isOurs(snapshot) else { return }
    let earlier = last.flatMap { $0.monotonicTime < snapshot.monotonicTime ? $0 : nil }
    let summary = RecordSummary(Model(now: snapshot, earlier: earlier))
    do throws(RecordingError) {
      try append(record, summary, snapshot)
      if hasNoRoom { progress.note("ctxtop: writing \(rotation.path): there is room again; recording goes on") }
      hasNoRoom = false
      written += 1
    } catch {
      guard error.isNoRoom, written > 0 || hasNoRoom || writer != nil else { throw failure(error) }
      if !hasNoRoom { progress.note("ctxtop: \(failure(error).told); trying again with each record") }
      hasNoRoom = true
    }
    if writer?.isFull == true || writer.map({ rotation.isDue($0, now: snapshot.wallTime) }) == true {
      wantsNewFile = true
    }
    if case .live = state { endLoss() }
    last = snapshot
    if let count = plan.count, written >= count { isDone = true }
    if wantsNewFile { try beginNewFile() }
  }

  /// One file is of one app: where another answers at the same place, it is not recorded.
  private func isOurs(_ snapshot: Snapshot) throws -> Bool {
    if service.isEmpty { service = snapshot.service }
    if snapshot.service == service { return true }
    if !hasForeignRecords {
      progress.note("ctxtop: recording \(service): what answers is \(snapshot.service) now; waiting for \(service)")
    }
    hasForeignRecords = true
    return false
  }

  private func append(_ record: [UInt8], _ summary: RecordSummary, _ snapshot: Snapshot) throws(RecordingError) {
    let writer = try opened(snapshot)
    if let last, let reason = gap(between: last, and: snapshot) {
      try writer.markGap(since: last.wallTime, until: snapshot.wallTime, reason: reason)
    }
    try writer.append(record, summary: summary)
  }

  private func opened(_ snapshot: Snapshot) throws(RecordingError) -> RecordingWriter {
    if let writer { return writer }
    let wasThere = (try? System.linkStatus(rotation.path)) != nil
    let opened: RecordingWriter
    do throws(RecordingError) {
      opened = try RecordingWriter(
        path: rotation.path, service: snapshot.service, host: snapshot.host, isDurable: true)
    } catch {
      // A file that has no room for its head is nobody's recording.
      if !wasThere, error.isNoRoom { try? System.unlink(rotation.path) }
      throw error
    }
    for line in opened.damage { progress.note("ctxtop: going on with \(rotation.path): \(line); the rest is kept") }
    writer = opened
    return opened
  }

  /// Why there are no records between two snapshots that are too far apart; nil: they are not.
  private func gap(between last: Snapshot, and next: Snapshot) -> String? {
    guard next.monotonicTime > last.monotonicTime else { return "the host's clock began anew" }
    guard next.monotonicTime - last.monotonicTime > 2 * plan.interval + 500_000_000 else { return nil }
    return loss.map { Failure($0.reason).happened } ?? "snapshots were missed"
  }

  private func endLoss() {
    if let loss, loss.isTold {
      let seconds = (System.monotonicTime() &- loss.since) / 1_000_000_000
      progress.note("ctxtop: recording \(service): it answers again, after \(seconds) s")
    }
    loss = nil
  }

  // MARK: - Files

  private func beginNewFile() throws {
    wantsNewFile = false
    guard let writer, let began = writer.began else { return }
    self.writer = nil
    try close(writer)
    try rotation.retire(began: began)
    if let failure = rotation.prune(service: service) { progress.note(failure.line) }
  }

  private func close() throws {
    if let writer { try close(writer) }
    writer = nil
  }

  /// Without room there is no index; the file is whole without it.
  private func close(_ writer: RecordingWriter) throws {
    do throws(RecordingError) {
      try writer.close()
    } catch {
      guard error.isNoRoom else { throw failure(error) }
      if !hasNoRoom { progress.note("ctxtop: \(failure(error).told); the records are in it") }
    }
  }

  /// What is meant to be written to reads differently from what is meant to be read.
  private func failure(_ error: RecordingError) -> Failure {
    var failure = Failure(error)
    switch error {
    case .system(let error, let path) where !error.isNoRoom:
      failure = Failure("writing \(path)", error.description, "choose a file that you can write to", .cannotCreate)
    case .notARecording, .otherVersion, .damaged:
      failure.tried = "recording into \(rotation.path)"
      failure.remedy = "choose another file"
      failure.status = .cannotCreate
    default: break
    }
    return failure
  }

  private var line: String {
    let size = writer.map { Format.bytes(UInt64($0.byteCount)) } ?? "-"
    let time = last.map { String(Format.time($0.wallTime).dropFirst(11).prefix(8)) } ?? "-"
    let records = Format.count(UInt64(written), "record", "records")
    return
      "recording \(service.isEmpty ? "-" : service): \(records), \(rotation.path) \(size), last \(time) UTC, \(word)"
  }

  private var word: String {
    if hasNoRoom { return "no room" }
    switch state {
    case .connecting: return "connecting"
    case .live: return "live"
    case .reconnecting: return "reconnecting"
    case .segment: return "from the segment"
    case .ended: return "ended"
    }
  }
}

extension Failure {
  /// What was tried and what happened, without what could be done.
  fileprivate var told: String { "\(tried): \(happened)" }
}
