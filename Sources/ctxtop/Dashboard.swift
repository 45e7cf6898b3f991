// The run loop of the screen: one `poll` over keyboard, signals, what is shown and the clock. What happens becomes a
// message, `update` says what to do, `view` what to show; nothing is decided here.
//
//   Feed.swift   what is shown: an app (LiveFeed.swift) or a recording (Player.swift)
//   Errands.swift   requests to the exporter       SnapshotFile.swift   what is shown, as a file

import CtxtopCurses
import CtxtopDashboard
import CtxtopScreen
import CtxtopSettings
import CtxtopStore
import Glibc

/// A dashboard on one terminal.
final class Dashboard {
  /// Ages on the screen grow also while nothing else happens.
  private static let tick: UInt64 = 1_000_000_000
  /// Wake-ups by the keyboard without a key, after which it counts as gone.
  private static let barrenLimit = 1_000

  private let terminal: CursesTerminal
  private let signals: SignalPipe
  private let feed: any Feed
  private let directory: String
  private var state: State
  private var isDone = false
  private var endingSignal: Int32?
  private var barren = 0

  /// Takes the terminal. `opening` is what there is to show already.
  init(_ terminal: CursesTerminal, of feed: any Feed, opening: [Message], settings: Settings) throws {
    self.terminal = terminal
    self.feed = feed
    directory = settings.expandedSnapshotDirectory
    do {
      signals = try SignalPipe()
    } catch {
      terminal.close()
      throw Failure("opening the screen", SystemError("pipe", error.code).description, "try again", .system)
    }
    state = State(size: terminal.size, look: settings.look(on: terminal.capabilities), settings: settings)
    send(.tick(System.monotonicTime()))
    for message in opening { send(message) }
  }

  /// Shows the dashboard until it is quit; tells which signal ended it, if one did.
  func run() throws -> Int32? {
    defer {
      terminal.close()
      signals.close()
      if let complaint = feed.close() { Failure.note(complaint) }
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
      [PollRequest(descriptor: terminal.descriptor), PollRequest(descriptor: signals.descriptor)] + feed.pollRequests
    let deadline = [System.monotonicTime() &+ Self.tick, feed.deadline(for: state)].compactMap { $0 }.min()
    let ready: [Int]
    do {
      ready = try SnapshotClient.wait(for: feed.sources, and: inputs, until: deadline)
    } catch {
      throw Failure("waiting for something to happen", error.description, "try again", .system)
    }
    let now = System.monotonicTime()
    send(.tick(now))
    for signal in signals.receive() { handle(signal) }
    takeKeys(wasReady: ready.contains(0))
    guard !isDone else { return }
    for message in feed.advance(now: now, for: state) { send(message) }
    if feed.hasEnded { isDone = true }
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

  private func send(_ message: Message) {
    for effect in update(&state, message) {
      switch effect {
      case .quit: isDone = true
      case .redraw: terminal.repaint()
      case .copy(let text): say(terminal.copy(text).notice)
      case .answer: answerSSH()
      case .writeSnapshot: writeSnapshot()
      case .setInterval, .askForControl, .recycle, .showRecord, .startRecording, .stopRecording:
        for answer in feed.perform(effect) { send(answer) }
      }
    }
  }
}

extension Dashboard {
  /// Lets ssh ask what it has to ask: the terminal is the user's meanwhile. Ctrl-C ends the question, not the program.
  private func answerSSH() {
    terminal.leave()
    var seen: Set<Int32> = []
    let isGone = { [signals] in
      let new = signals.receive()
      // ssh has stopped itself, and waits for the shell to go on.
      if new.contains(SIGTSTP) { raise(SIGSTOP) }
      seen.formUnion(new.subtracting([SIGTSTP, SIGCONT]))
      return !seen.isDisjoint(with: [SIGINT, SIGTERM, SIGHUP])
    }
    let person = RemoteHost.Operator.atTerminal(isGone: isGone)
    let messages = feed.connect(asking: person)
    let failures = messages.compactMap { if case .loss(let text?, _) = $0 { text } else { nil } }
    if person != nil, !failures.isEmpty {
      // The screen would hide what ssh has said.
      for line in failures { Failure.note("ctxtop: \(line)") }
      waitForEnter(isGone)
    }
    terminal.resume()
    for signal in seen where signal != SIGINT { handle(signal) }
    for message in messages { send(message) }
  }

  /// Leaves what is on the terminal there until somebody has read it.
  private func waitForEnter(_ isGone: () -> Bool) {
    Failure.note("Enter goes back to the screen.")
    let inputs = [terminal.descriptor, signals.descriptor].map { PollRequest(descriptor: $0) }
    while !isGone() {
      // The terminal gives whole lines, or its end.
      guard let ready = try? System.poll(inputs, timeout: Self.tick) else { return }
      guard ready.contains(0) else { continue }
      var line: [UInt8] = []
      _ = try? System.read(terminal.descriptor, into: &line, limit: 4096)
      return
    }
  }

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
