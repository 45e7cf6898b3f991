// Several apps that run, for the dashboard and for frames: each has a feed of its own, and what they give becomes one
// snapshot (Fleet.swift in CtxtopModel). What one of them does or fails to do is no concern of the others.

import CtxtopDashboard
import CtxtopModel
import CtxtopStore

/// Several targets.
final class FleetFeed: Feed {
  private let list: TargetList
  private let directory: String
  private let targets: [FleetTarget]
  private var fleet: Fleet
  private var states: [CtxtopDashboard.SourceState]
  private var state = CtxtopDashboard.SourceState.connecting
  private var interval: UInt64

  /// Opens all that can be found, and waits a moment for a pass over each, or for so many passes; fails if none gives
  /// one. Recordings are made in the directory.
  init(_ list: TargetList, passes: Int = 1, interval: UInt64, directory: String) throws {
    self.list = list
    self.directory = directory
    self.interval = interval
    targets = list.names.map { FleetTarget(name: $0) }
    fleet = Fleet(list.names, interval: interval)
    states = list.names.map { _ in .connecting }
    let failures = try open()
    try take(passes: passes, failures)
  }

  /// What the dashboard is told first.
  private(set) var opening: [Message] = []

  /// Whose apps they are, where that is neither the user nor root.
  var owners: [String] {
    targets.compactMap { target in
      target.endpoint?.foreignOwner.map { "\(target.name) belongs to \(System.userName($0))" }
    }
  }

  var sources: [any SnapshotSource] { targets.flatMap { $0.feed?.sources ?? [] } }
  var pollRequests: [PollRequest] { targets.flatMap { $0.feed?.pollRequests ?? [] } }
  var hasEnded: Bool { targets.allSatisfy { $0.feed?.hasEnded ?? false } }

  func deadline(for state: State) -> UInt64? { deadline }
  func advance(now: UInt64, for state: State) -> [Message] { advance(now: now) }

  /// When to call `advance` at the latest.
  var deadline: UInt64? {
    let own = [fleet.deadline(after: System.monotonicTime())] + targets.map(\.nextLook)
    return (own + targets.map { $0.feed?.deadline }).compactMap { $0 }.min()
  }

  /// Does what can be done now; what came of it.
  func advance(now: UInt64) -> [Message] {
    var messages: [Message] = []
    for index in targets.indices {
      if let time = targets[index].nextLook, now >= time { messages += look(for: index, now) }
      for message in targets[index].feed?.advance(now: now) ?? [] { messages += take(message, of: index, now) }
    }
    return messages + merged(now)
  }

  func close() -> String? { targets.compactMap { $0.feed?.close() }.first }
}

// MARK: - What is asked for

extension FleetFeed {
  func perform(_ effect: Effect) -> [Message] {
    let now = System.monotonicTime()
    switch effect {
    case .setInterval(let milliseconds):
      interval = UInt64(max(1, milliseconds)) * 1_000_000
      fleet.change(interval: interval, at: now)
      return all(effect, now)
    case .askForControl(let name), .recycle(_, let name):
      guard let index = targets.firstIndex(where: { $0.name == name }) else { return [] }
      return targets[index].feed?.perform(effect).flatMap { take($0, of: index, now) } ?? []
    case .startRecording: return all(effect, now)
    case .stopRecording: return stopRecordings(now)
    case .quit, .redraw, .answer, .writeSnapshot, .copy, .showRecord: return []
    }
  }

  /// Connects to each host that waits for an answer, once.
  func connect(asking person: RemoteHost.Operator?) -> [Message] {
    let now = System.monotonicTime()
    var asked: [RemoteHost] = []
    return targets.indices.flatMap { index in
      guard case .needsAttention = states[index], let feed = targets[index].feed,
        let host = targets[index].endpoint?.host, !asked.contains(where: { $0 === host })
      else { return [Message]() }
      asked.append(host)
      return feed.connect(asking: person).flatMap { take($0, of: index, now) }
    }
  }

  private func all(_ effect: Effect, _ now: UInt64) -> [Message] {
    targets.indices.flatMap { index in
      (targets[index].feed?.perform(effect) ?? []).flatMap { take($0, of: index, now) }
    }
  }

  /// What came of all of them in one line.
  private func stopRecordings(_ now: UInt64) -> [Message] {
    var said: [String] = []
    let others = all(.stopRecording, now).filter { message in
      guard case .notice(let text) = message else { return true }
      said.append(text)
      return false
    }
    return others + (said.isEmpty ? [] : [.notice(said.joined(separator: "; "))])
  }

  /// The recordings of all targets as one; nil: none is being made.
  private var saved: SavedRecords? {
    let all = targets.compactMap(\.saved)
    guard !all.isEmpty else { return nil }
    return SavedRecords(count: all.reduce(0) { $0 + $1.count }, bytes: all.reduce(0) { $0 + $1.bytes })
  }
}

// MARK: - What comes

extension FleetFeed {
  /// What a target's feed tells, as what is told of all of them.
  private func take(_ message: Message, of index: Int, _ now: UInt64) -> [Message] {
    let name = Failure.printable(targets[index].name)
    switch message {
    case .snapshot(let snapshot):
      fleet.take(snapshot, of: index, at: now, wallTime: System.wallTime())
      return []
    case .source(let state):
      states[index] = state
      fleet.change(state.ofFleet, of: index, because: targets[index].feed?.loss ?? "")
      return stateOfAll() + (state.lossBegan == nil ? [.loss(nil, target: targets[index].name)] : [])
    case .notice(let text): return [.notice("\(name): \(text)")]
    case .loss(let text, _): return [.loss(text.map { "\(name): \($0)" }, target: targets[index].name)]
    case .refused(let text, let pid, _): return [.refused("\(name): \(text)", pid: pid, target: targets[index].name)]
    case .recorded(let saved):
      targets[index].saved = saved
      return [.recorded(self.saved)]
    default: return [message]
    }
  }

  /// How the best of them does; which ones do worse the snapshot says.
  private func stateOfAll() -> [Message] {
    let open = targets.indices.filter { targets[$0].feed != nil }.map { states[$0] }
    let losses = open.compactMap { $0.lossBegan }
    let question = open.first { if case .needsAttention = $0 { true } else { false } }
    let best: CtxtopDashboard.SourceState =
      open.contains(.live)
      ? .live
      : open.contains(.segment)
        ? .segment
        : losses.count == open.count
          ? question ?? losses.max().map { .reconnecting(since: $0) } ?? .connecting : .connecting
    guard best != state else { return [] }
    state = best
    return [.source(best)]
  }

  private func merged(_ now: UInt64) -> [Message] {
    fleet.advance(now: now, wallTime: System.wallTime()).map { [.snapshots($0)] } ?? []
  }
}

// MARK: - Finding them

extension FleetFeed {
  /// Opens what is there; why each of the others is not.
  private func open() throws -> [Failure?] {
    let now = System.monotonicTime()
    var failures: [Failure?] = []
    for index in targets.indices {
      do throws(Failure) {
        let endpoint = try list.locate(index)
        for other in targets[..<index] where other.endpoint?.isSameApp(as: endpoint) ?? false {
          throw Failure.sameApp(other.name, targets[index].name)
        }
        open(endpoint, index)
        failures.append(connect(endpoint, index, now))
      } catch {
        // What stands on the command line is wrong, and will be in a second.
        if error.status.code == ExitStatus.usage.code || !list.mayComeLater(index) { throw error }
        miss(index, error, now)
        failures.append(error)
      }
    }
    return failures
  }

  /// Connects to its host, with ssh's questions: before there is a screen. Why that failed; it is tried again later.
  private func connect(_ endpoint: Endpoint, _ index: Int, _ now: UInt64) -> Failure? {
    do {
      try endpoint.host?.connect(asking: .atTerminal())
      return nil
    } catch {
      targets[index].feed?.lose(error)
      opening += take(.source(.reconnecting(since: now)), of: index, now)
      return Failure(error)
    }
  }

  private func open(_ endpoint: Endpoint, _ index: Int) {
    let source = LiveSource.open(endpoint, interval: interval)
    targets[index].found(endpoint, source, directory: directory)
    fleet.change(.connecting, of: index)
    states[index] = .connecting
  }

  private func miss(_ index: Int, _ failure: Failure, _ now: UInt64) {
    targets[index].missed(now: now)
    let reason = Failure.printable("\(failure.tried): \(failure.happened)")
    fleet.change(.missing, of: index, because: reason)
  }

  private func look(for index: Int, _ now: UInt64) -> [Message] {
    do throws(Failure) {
      let endpoint = try list.locate(index)
      for other in targets where other.endpoint?.isSameApp(as: endpoint) ?? false {
        throw Failure.sameApp(other.name, targets[index].name)
      }
      open(endpoint, index)
      let isRecording = targets.contains { $0.saved != nil }
      return isRecording
        ? targets[index].feed?.perform(.startRecording).flatMap { take($0, of: index, now) } ?? [] : []
    } catch {
      miss(index, error, now)
      return []
    }
  }

  /// The first passes, of which one target must give one at least.
  private func take(passes count: Int, _ failures: [Failure?]) throws {
    // A host that could not be connected to is not waited for.
    let open = targets.indices.filter { targets[$0].feed != nil && failures[$0] == nil }
    let patience = open.compactMap { targets[$0].endpoint?.patience }.max() ?? SnapshotClient.patience
    let sources = open.map { (targets[$0].name, targets[$0].feed!.sources[0]) }
    let answers = SnapshotClient.passes(count, from: sources, within: patience)
    let now = System.monotonicTime()
    var errors = failures
    for (index, answer) in zip(open, answers) {
      switch answer {
      case .success(let passes):
        for message in targets[index].feed?.opening(passes) ?? [] { opening += take(message, of: index, now) }
      case .failure(let error):
        errors[index] = Failure(error)
        let state = CtxtopDashboard.SourceState.reconnecting(since: now)
        targets[index].feed?.lose(error)
        opening += take(.source(state), of: index, now)
      }
    }
    opening += merged(now)
    guard opening.contains(where: { if case .snapshots = $0 { true } else { false } }) else {
      throw errors.compactMap { $0 }.first
        ?? Failure("watching several targets", "no answer", "see with `ctxtop ls` what runs here", .tryLater)
    }
    for (index, error) in errors.enumerated() {
      guard let error else { continue }
      let name = targets[index].name
      opening.append(.loss(Failure.printable("\(name): \(error.tried): \(error.happened)"), target: name))
    }
  }
}
