// `ctxtop [TARGET]`: the dashboard; plain frames where there is no screen to draw on.

import ArgumentParser
import CtxtopCurses
import CtxtopReport
import CtxtopScreen
import CtxtopSettings
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
        ctxtop --sort contexts_leaked --filter '!nightly' --columns workers:+cpu_percent,-rss_bytes
        ctxtop --write-config > ~/.config/ctxtop/config.toml
      """)

  @OptionGroup var target: TargetArgument

  @OptionGroup var choices: SettingsOptions

  @Flag(help: "Print the defaults of all settings as a configuration file, and end.")
  var writeConfig = false

  @Flag(name: [.customShort("b"), .customLong("batch")], help: "Print plain frames instead of drawing a screen.")
  var isBatch = false

  @Option(name: [.customShort("n"), .customLong("count")], help: "Print so many plain frames and end; implies -b.")
  var count: Count?

  func run() throws {
    if writeConfig { return try printDefaults() }
    let configured = Configuration.read()
    var settings = configured.settings
    try choices.apply(to: &settings)
    let endpoint = try target.place().app(for: "showing what is there now")
    func printInstead(_ count: Int?) throws {
      if let complaint = configured.complaint(isShort: false) { Failure.note("ctxtop: \(complaint)") }
      try printFrames(of: endpoint, count: count, settings)
    }
    if isBatch || count != nil { return try printInstead(count?.value) }
    guard StandardOutput.isTerminal else { return try printInstead(1) }
    let source = LiveSource.open(endpoint, interval: settings.nanoseconds)
    let answer = SnapshotClient.passes(1, from: [(endpoint.name, source)], within: SnapshotClient.patience)[0]
    let passes: Passes
    do { passes = try answer.get() } catch { throw Failure(error) }
    let terminal: CursesTerminal
    do {
      terminal = try CursesTerminal(
        usesMouse: settings.usesMouse, isUnicode: settings.shapes == .unicode ? true : nil)
    } catch {
      // A dumb terminal, an unknown one, or no keyboard: frames need none of that.
      return try printInstead(nil)
    }
    try draw(
      on: terminal, source: source, passes: passes, endpoint: endpoint, settings, configured.complaint(isShort: true))
  }

  private func printDefaults() throws {
    do { try StandardOutput.write(Array(DefaultsText.toml.utf8)) } catch is ReaderIsGone {}
  }

  private func draw(
    on terminal: CursesTerminal, source: any SnapshotSource, passes: Passes, endpoint: Endpoint, _ settings: Settings,
    _ complaint: String?
  ) throws {
    let dashboard = try Dashboard(terminal, of: endpoint, source: source, passes: passes, settings: settings)
    if let owner = endpoint.foreignOwner { dashboard.say("belongs to \(System.userName(owner))") }
    if let complaint { dashboard.say(Failure.printable(complaint)) }
    guard let endingSignal = try dashboard.run() else { return }
    // The shell is to see what ended the program.
    signal(endingSignal, SIG_DFL)
    raise(endingSignal)
  }

  private func printFrames(of endpoint: Endpoint, count: Int?, _ settings: Settings) throws {
    var isFirst = true
    do {
      try Series(endpoint: endpoint, count: count, interval: settings.nanoseconds).run { model in
        let frame = TextReport(model) { DisplayWidth.of($0) }.frame
        try StandardOutput.write((isFirst ? [] : [10]) + Array(frame.utf8))
        isFirst = false
      }
    } catch is ReaderIsGone {}
  }
}
