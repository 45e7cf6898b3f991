// `ctxtop [TARGET]`: the dashboard; plain frames where there is no screen to draw on.

import ArgumentParser
import CtxtopCurses
import CtxtopReport
import CtxtopStore
import Glibc

/// Watches an app.
struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch an app in the terminal (the default).",
    discussion: """
      Without a terminal that can place its cursor, plain frames are printed as with -b; when standard output is \
      not a terminal at all, one of them.

      EXAMPLES:
        ctxtop                  the only app that runs here
        ctxtop shop -d 0.5      the app called shop, twice a second
        ctxtop shop -b -n 3     three frames of plain text, as with top
        ctxtop shop -b > log    a frame a second, until it is stopped
      """)

  @OptionGroup var target: TargetArgument

  @Option(name: [.customShort("d"), .customLong("interval")], help: "Seconds between snapshots.")
  var interval: Seconds = Seconds(1)

  @Flag(name: [.customShort("b"), .customLong("batch")], help: "Print plain frames instead of drawing a screen.")
  var isBatch = false

  @Option(name: [.customShort("n"), .customLong("count")], help: "Print so many plain frames and end; implies -b.")
  var count: Count?

  @Flag(inversion: .prefixedNo, help: "Listen to the mouse.")
  var mouse = true

  @Flag(name: .customLong("readonly"), help: "Refuse whatever changes something.")
  var isReadOnly = false

  func run() throws {
    let endpoint = try target.endpoint()
    if isBatch || count != nil { return try printFrames(of: endpoint, count: count?.value) }
    guard StandardOutput.isTerminal else { return try printFrames(of: endpoint, count: 1) }
    let source = LiveSource.open(endpoint, interval: interval.nanoseconds)
    let answer = SnapshotClient.passes(1, from: [(endpoint.name, source)], within: SnapshotClient.patience)[0]
    let passes: Passes
    do { passes = try answer.get() } catch { throw Failure(error) }
    let terminal: CursesTerminal
    do {
      terminal = try CursesTerminal(usesMouse: mouse)
    } catch {
      // A dumb terminal, an unknown one, or no keyboard: frames need none of that.
      return try printFrames(of: endpoint, count: nil)
    }
    try draw(on: terminal, source: source, passes: passes, endpoint: endpoint)
  }

  private func draw(
    on terminal: CursesTerminal, source: any SnapshotSource, passes: Passes, endpoint: Endpoint
  ) throws {
    let dashboard = try Dashboard(
      terminal, of: endpoint, source: source, passes: passes, isReadOnly: isReadOnly)
    if let owner = endpoint.foreignOwner { dashboard.say("belongs to \(System.userName(owner))") }
    guard let endingSignal = try dashboard.run() else { return }
    // The shell is to see what ended the program.
    signal(endingSignal, SIG_DFL)
    raise(endingSignal)
  }

  private func printFrames(of endpoint: Endpoint, count: Int?) throws {
    var isFirst = true
    do {
      try Series(endpoint: endpoint, count: count, interval: interval.nanoseconds).run { model in
        try StandardOutput.write((isFirst ? [] : [10]) + Report.bytes(model, as: .text))
        isFirst = false
      }
    } catch is ReaderIsGone {}
  }
}
