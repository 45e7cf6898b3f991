// The loop of `ctxtop record`: one `poll` over source, signals and clock. Nobody may look: what goes wrong is told once,
// and what can be tried again is.
//
//   RecordedFiles.swift  what is written          Progress.swift  who looks

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
  private let files: RecordedFiles
  private let progress: Progress
  private let signals: SignalPipe
  private let end: UInt64?
  private var isDone = false
  private var wantsNewFile = false
  private var record: [UInt8]?
  private var state = SourceState.connecting
  /// Why there was nothing since the last snapshot.
  private var loss: (since: UInt64, reason: StoreError, isTold: Bool)?

  init(_ plan: Plan, into rotation: Rotation, _ progress: Progress) throws {
    self.plan = plan
    self.progress = progress
    files = RecordedFiles(rotation, interval: plan.interval, note: progress.note)
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
    try files.check()
    guard let endpoint = try look(find) else { return }
    let source = LiveSource.open(endpoint, interval: plan.interval)
    source.givesRecords = true
    if !plan.waits { try begin(source, endpoint) }
    while !isDone { try turn(source) }
    try files.close()
  }

  // MARK: - Before the first record

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
    let answer = SnapshotClient.passes(1, from: [(endpoint.name, source)], within: endpoint.patience)[0]
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
    try beginNewFileIfWanted()
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
    case .needsAttention(let since, let question):
      loss = (loss?.since ?? since, .ssh(host: files.service, .needsAnswer(said: question)), loss?.isTold ?? false)
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
    guard let record, snapshot.monotonicTime != files.last?.monotonicTime else { return }
    guard try files.take(record, snapshot, afterLoss: loss.map { Failure($0.reason).happened }) else { return }
    if case .live = state { endLoss() }
    if let count = plan.count, files.count >= count { isDone = true }
    try beginNewFileIfWanted()
  }

  private func beginNewFileIfWanted() throws {
    if wantsNewFile { try files.beginNewFile() }
    wantsNewFile = false
  }

  private func endLoss() {
    if let loss, loss.isTold {
      let seconds = (System.monotonicTime() &- loss.since) / 1_000_000_000
      progress.note("ctxtop: recording \(files.service): it answers again, after \(seconds) s")
    }
    loss = nil
  }

  // MARK: - What is shown of it

  private var line: String {
    let size = files.byteCount.map { Format.bytes($0) } ?? "-"
    let time = files.last.map { String(Format.time($0.wallTime).dropFirst(11).prefix(8)) } ?? "-"
    let records = Format.count(UInt64(files.count), "record", "records")
    let service = files.service.isEmpty ? "-" : files.service
    return "recording \(service): \(records), \(files.path) \(size), last \(time) UTC, \(word)"
  }

  private var word: String {
    if files.hasNoRoom { return "no room" }
    switch state {
    case .connecting: return "connecting"
    case .live: return "live"
    case .reconnecting, .needsAttention: return "reconnecting"
    case .segment: return "from the segment"
    case .ended: return "ended"
    }
  }
}
