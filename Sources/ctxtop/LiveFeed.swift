// An app that runs, for the dashboard: its snapshots, requests to its exporter, and a recording of what comes.

import CtxtopDashboard
import CtxtopStore

/// One endpoint.
final class LiveFeed: Feed {
  /// A connection that is lost for so long is worth a word: one leader may follow the other before.
  private static let patience: UInt64 = 1_000_000_000

  private let endpoint: Endpoint
  private let source: any SnapshotSource
  private let errands: Errands
  private let directory: String
  private var tape: Tape?
  /// The bytes of the snapshot that comes next.
  private var record: [UInt8]?
  /// Why the connection is lost, as one line; nil: it is not.
  private(set) var loss: String?
  /// The same, and since when, until it is told.
  private var trouble: (since: UInt64, reason: StoreError)?
  private(set) var hasEnded = false

  /// Recordings are made in the directory.
  init(_ endpoint: Endpoint, source: any SnapshotSource, directory: String) {
    self.endpoint = endpoint
    self.source = source
    self.directory = directory
    errands = Errands(endpoint)
  }

  /// What a source has given before the dashboard began.
  func opening(_ passes: Passes) -> [Message] {
    receive(.state(passes.state)) + passes.snapshots.map { .snapshot($0) }
  }

  var sources: [any SnapshotSource] { [source] }

  var pollRequests: [PollRequest] { errands.pollRequests }

  func deadline(for state: State) -> UInt64? { deadline }
  func advance(now: UInt64, for state: State) -> [Message] { advance(now: now) }

  /// When to call `advance` at the latest; nil: not before something is ready.
  var deadline: UInt64? { errands.deadline }

  /// Does what can be done now; what came of it.
  func advance(now: UInt64) -> [Message] {
    var messages = source.advance(now: now).flatMap(receive)
    messages += errands.advance(now: now)
    if let trouble, now >= trouble.since &+ Self.patience { messages.append(explain(trouble.reason)) }
    return messages
  }

  func perform(_ effect: Effect) -> [Message] {
    switch effect {
    case .setInterval(let milliseconds): source.interval = UInt64(max(1, milliseconds)) * 1_000_000
    case .askForControl: errands.askForControl(now: System.monotonicTime())
    case .recycle(let pid, _): errands.recycle(pid, now: System.monotonicTime())
    case .startRecording:
      // The first record says whose recording it is.
      source.givesRecords = true
      tape = Tape(in: directory)
      return [.recorded(SavedRecords(count: 0, bytes: 0))]
    case .stopRecording: return stopRecording()
    case .quit, .redraw, .answer, .writeSnapshot, .copy, .showRecord: break
    }
    return []
  }

  func close() -> String? {
    defer { tape = nil }
    do { try tape?.close() } catch { return error.line }
    return nil
  }

  private func receive(_ event: SourceEvent) -> [Message] {
    if case .state = event { (trouble, loss) = (nil, nil) }
    switch event {
    case .record(let bytes):
      record = bytes
      return []
    case .snapshot(let snapshot):
      defer { record = nil }
      guard let tape, let record else { return [.snapshot(snapshot)] }
      return [.snapshot(snapshot)] + take(tape.append(record, snapshot, interval: source.interval))
    case .state(.connecting): return [.source(.connecting)]
    case .state(.live): return [.source(.live)]
    case .state(.segment(let reason)): return [.source(.segment)] + (reason.map { [explain($0)] } ?? [])
    case .state(.ended):
      hasEnded = true
      return []
    case .state(.reconnecting(let since, let reason)):
      lose(reason)
      trouble = (since, reason)
      tape?.lose(Failure(reason).happened)
      return [.source(.reconnecting(since: since))]
    case .state(.needsAttention(let since, let question)):
      lose(.ssh(host: endpoint.name, .needsAnswer(said: question)))
      tape?.lose(question)
      return [.source(.needsAttention(since: since)), .loss(Failure.printable("ssh: \(question)"))]
    }
  }

  func connect(asking person: RemoteHost.Operator?) -> [Message] {
    do {
      try endpoint.host?.connect(asking: person)
      return []
    } catch {
      return [explain(error)]
    }
  }

  /// Nothing comes from it, and why.
  func lose(_ reason: StoreError) { loss = Self.line(reason) }

  private func explain(_ reason: StoreError) -> Message {
    trouble = nil
    return .loss(Self.line(reason))
  }

  private static func line(_ reason: StoreError) -> String {
    let failure = Failure(reason)
    return Failure.printable("\(failure.tried): \(failure.happened)")
  }
}

extension LiveFeed {
  private func take(_ outcome: Tape.Outcome) -> [Message] {
    switch outcome {
    case .began(let place, let saved): return [.recorded(saved), .notice(Failure.printable("recording into \(place)"))]
    case .saved(let saved): return [.recorded(saved)]
    case .noRoom(let saved, let failure):
      let said = "\(failure.tried): \(failure.happened); it goes on when there is room"
      return [.recorded(saved), .notice(Failure.printable(said))]
    case .failed(let failure):
      endRecording()
      return [.recorded(nil), .notice(Failure.printable("nothing is recorded any more: \(failure.said)"))]
    }
  }

  private func stopRecording() -> [Message] {
    defer { endRecording() }
    guard let tape else { return [.recorded(nil)] }
    do throws(Failure) {
      try tape.close()
    } catch {
      return [.recorded(nil), .notice(Failure.printable(error.said))]
    }
    let what =
      tape.place.map { "recorded \(tape.saved.count) records in \($0)" } ?? "nothing came that could be recorded"
    return [.recorded(nil), .notice(Failure.printable(what))]
  }

  private func endRecording() {
    tape = nil
    source.givesRecords = false
  }
}
