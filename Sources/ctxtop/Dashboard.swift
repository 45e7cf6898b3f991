// The run loop of the screen: one `poll` over keyboard, signals, source and clock. What happens becomes a
// message, `update` says what to do, `view` what to show; nothing is decided here.
//
//   Errands.swift   requests to the exporter       SnapshotFile.swift   what is shown, as a file

import CtxtopCurses
import CtxtopDashboard
import CtxtopScreen
import CtxtopSettings
import CtxtopStore
import Glibc

/// The dashboard of one endpoint, on one terminal.
final class Dashboard {
  /// Ages on the screen grow also while nothing else happens.
  private static let tick: UInt64 = 1_000_000_000
  /// Wake-ups by the keyboard without a key, after which it counts as gone.
  private static let barrenLimit = 1_000
  /// A connection that is lost for so long is worth a word: one leader may follow the other before.
  private static let patience: UInt64 = 1_000_000_000

  private let terminal: CursesTerminal
  private let signals: SignalPipe
  private let source: any SnapshotSource
  private let errands: Errands
  private let directory: String
  private var state: State
  private var isDone = false
  private var endingSignal: Int32?
  private var barren = 0
  /// Why the connection is lost, and since when, until it is told.
  private var trouble: (since: UInt64, reason: StoreError)?

  /// Takes the terminal. `passes` is what the source has given already.
  init(
    _ terminal: CursesTerminal, of endpoint: Endpoint, source: any SnapshotSource, passes: Passes, settings: Settings
  ) throws {
    self.terminal = terminal
    self.source = source
    directory = settings.expandedSnapshotDirectory
    errands = Errands(endpoint)
    do {
      signals = try SignalPipe()
    } catch {
      terminal.close()
      throw Failure("opening the screen", SystemError("pipe", error.code).description, "try again", .system)
    }
    state = State(size: terminal.size, look: settings.look(on: terminal.capabilities), settings: settings)
    send(.tick(System.monotonicTime()))
    receive(.state(passes.state))
    for snapshot in passes.snapshots { send(.snapshot(snapshot)) }
  }

  /// Shows the dashboard until it is quit; tells which signal ended it, if one did.
  func run() throws -> Int32? {
    defer {
      terminal.close()
      signals.close()
    }
    while !isDone {
      terminal.draw(view(state))
      try turn()
    }
    return endingSignal
  }

  /// Shows one line to the operator.
  func say(_ notice: String) { send(.notice(notice)) }

  /// Waits for something to happen, and takes all of it in.
  private func turn() throws {
    let inputs =
      [PollRequest(descriptor: terminal.descriptor), PollRequest(descriptor: signals.descriptor)]
      + errands.pollRequests
    let deadline = [System.monotonicTime() &+ Self.tick, errands.deadline].compactMap { $0 }.min()
    let ready: [Int]
    do {
      ready = try SnapshotClient.wait(for: [source], and: inputs, until: deadline)
    } catch {
      throw Failure("waiting for something to happen", error.description, "try again", .system)
    }
    let now = System.monotonicTime()
    send(.tick(now))
    for signal in signals.receive() { handle(signal) }
    takeKeys(wasReady: ready.contains(0))
    guard !isDone else { return }
    for event in source.advance(now: now) { receive(event) }
    for message in errands.advance(now: now) { send(message) }
    if let trouble, now >= trouble.since &+ Self.patience { explain(trouble.reason) }
  }

  /// A terminal that is gone stays readable without ever giving a key.
  private func takeKeys(wasReady: Bool) {
    var sawKey = false
    while !isDone, let key = terminal.nextKey() {
      sawKey = true
      send(key == .resize ? .resize(terminal.size) : .key(key))
    }
    barren = sawKey || !wasReady ? 0 : barren + 1
    if barren >= Self.barrenLimit { isDone = true }
  }

  private func handle(_ signal: Int32) {
    switch signal {
    case SIGWINCH: send(.resize(terminal.size))
    case SIGTSTP: terminal.suspend()
    case SIGCONT: terminal.resume()
    case SIGINT: isDone = true
    default:
      endingSignal = signal
      isDone = true
    }
  }

  private func receive(_ event: SourceEvent) {
    if case .state = event { trouble = nil }
    switch event {
    case .record: break
    case .snapshot(let snapshot): send(.snapshot(snapshot))
    case .state(.connecting): send(.source(.connecting))
    case .state(.live): send(.source(.live))
    case .state(.segment(let reason)):
      send(.source(.segment))
      if let reason { explain(reason) }
    case .state(.ended): isDone = true
    case .state(.reconnecting(let since, let reason)):
      send(.source(.reconnecting(since: since)))
      trouble = (since, reason)
    }
  }

  private func explain(_ reason: StoreError) {
    trouble = nil
    let failure = Failure(reason)
    say(Failure.printable("\(failure.tried): \(failure.happened)"))
  }

  private func send(_ message: Message) {
    for effect in update(&state, message) {
      switch effect {
      case .quit: isDone = true
      case .setInterval(let milliseconds): source.interval = UInt64(max(1, milliseconds)) * 1_000_000
      case .redraw: terminal.repaint()
      case .copy(let text): say(terminal.copy(text).notice)
      case .askForControl: errands.askForControl(now: System.monotonicTime())
      case .recycle(let pid): errands.recycle(pid, now: System.monotonicTime())
      case .writeSnapshot: writeSnapshot()
      case .showRecord, .startRecording, .stopRecording: break
      }
    }
  }
}

extension Dashboard {
  private func writeSnapshot() {
    guard let model = state.model else { return }
    do {
      let file = try SnapshotFile.write(model, in: directory)
      say(Failure.printable("wrote \(file.name) in \(file.directory)"))
    } catch {
      say(Failure.printable((error as? Failure)?.said ?? "\(error)"))
    }
  }
}

extension CopyOutcome {
  /// What the operator is told.
  fileprivate var notice: String {
    switch self {
    case .sent: "handed to the terminal's clipboard"
    case .cut(let bytes): "handed to the terminal's clipboard: the first \(bytes) bytes, it takes no more"
    case .refused(let terminal): "cannot copy: the terminal \(terminal) has no clipboard"
    }
  }
}
