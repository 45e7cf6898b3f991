// `ctxtop [TARGET]`: the dashboard; plain frames where there is no screen to draw on.

import ArgumentParser
import CtxtopCurses
import CtxtopDashboard
import CtxtopModel
import CtxtopReport
import CtxtopScreen
import CtxtopSettings
import CtxtopStore
import Glibc

/// Watches an app.
struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch apps, or a recording of one, in the terminal (the default).",
    discussion: """
      A recording begins with its first record, or with the one at --at. Space plays it, ] goes to where something \
      begins to be wrong, b to a time; `h` shows all keys. At the end of a file that is still being written, what is \
      appended is shown.

      Several apps are watched together: a column says which target a row belongs to, and the tree has them as its \
      outermost level. One that is lost or not there yet does not disturb the others; it is looked for once a second.

      Without a terminal that can place its cursor, plain frames are printed as with -b; when standard output is \
      not a terminal at all, one of them. Of a recording it is one unless -n says otherwise, and the last one unless \
      --at does.

      EXAMPLES:
        ctxtop                  the only app that runs here
        ctxtop shop -d 0.5      the app called shop, twice a second
        ctxtop shop -b -n 3     three frames of plain text, as with top
        ctxtop shop -b > log    a frame a second, until it is stopped
        ctxtop shop blog        two apps in one dashboard
        ctxtop --all            all apps that run here
        ctxtop shop.ctxtop      a recording, from its beginning
        ctxtop shop.ctxtop --at 09:04
        ctxtop --sort contexts_leaked --filter '!nightly'
        ctxtop --columns workers:+cpu_percent,-rss_bytes
        ctxtop --write-config > ~/.config/ctxtop/config.toml
      """)

  @OptionGroup var targets: TargetsArgument

  @OptionGroup var moment: MomentOption

  @OptionGroup var choices: SettingsOptions

  @Flag(help: "Print the defaults of all settings as a configuration file, and end.")
  var writeConfig = false

  @Flag(name: [.customShort("b"), .customLong("batch")], help: "Print plain frames instead of drawing a screen.")
  var isBatch = false

  @Option(
    name: [.customShort("n"), .customLong("count")], help: "Print so many plain frames and end; implies -b.",
    transform: Count.read)
  var count: Count?

  func run() throws {
    if writeConfig { return try printDefaults() }
    let configured = Configuration.read()
    var settings = configured.settings
    try choices.apply(to: &settings)
    let texts = try targets.texts()
    if texts.count > 1 { return try watch(TargetList(texts), settings, configured) }
    switch try Place.of(texts.first) {
    case .live(let endpoint): try watch(endpoint, settings, configured)
    case .recording(let path) where wantsScreen:
      let player = try Player(path: path)
      try show(player, player.opening(at: moment.at), instead: .recording(path: path), settings, configured)
    case .document(let path) where wantsScreen:
      let document = try DocumentFeed(path: path, at: moment.at)
      try show(document, document.opening, instead: .document(path: path), settings, configured)
    case let file:
      configured.complain()
      try printFrames(of: Series(file, at: moment.at, count: count?.value ?? 1))
    }
  }

  private var wantsScreen: Bool { !isBatch && count == nil && StandardOutput.isTerminal }

  /// An app that runs.
  private func watch(_ endpoint: Endpoint, _ settings: Settings, _ configured: SettingsReader) throws {
    if let time = moment.at { throw Failure.noTimes(of: endpoint, time) }
    func printInstead(_ count: Int?) throws {
      configured.complain()
      try printFrames(of: Series(endpoint: endpoint, count: count, interval: settings.nanoseconds))
    }
    if isBatch || count != nil { return try printInstead(count?.value) }
    guard StandardOutput.isTerminal else { return try printInstead(1) }
    let source = LiveSource.open(endpoint, interval: settings.nanoseconds)
    let answer = SnapshotClient.passes(1, from: [(endpoint.name, source)], within: endpoint.patience)[0]
    let passes: Passes
    do { passes = try answer.get() } catch { throw Failure(error) }
    // A dumb terminal, an unknown one, or no keyboard: frames need none of that.
    guard let terminal = terminal(settings) else { return try printInstead(nil) }
    let feed = LiveFeed(endpoint, source: source, directory: settings.expandedSnapshotDirectory)
    let dashboard = try Dashboard(terminal, of: feed, opening: feed.opening(passes), settings: settings)
    if let owner = endpoint.foreignOwner { dashboard.say("belongs to \(System.userName(owner))") }
    try run(dashboard, configured)
  }

  /// Several apps that run.
  private func watch(_ list: TargetList, _ settings: Settings, _ configured: SettingsReader) throws {
    if let time = moment.at { throw Failure.noTimes(of: list.names.joined(separator: ", "), time) }
    func printInstead(_ count: Int?) throws {
      configured.complain()
      try printFrames { try FleetSeries(list, count: count, interval: settings.nanoseconds).run($0) }
    }
    if isBatch || count != nil { return try printInstead(count?.value) }
    guard StandardOutput.isTerminal else { return try printInstead(1) }
    let directory = settings.expandedSnapshotDirectory
    let feed = try FleetFeed(list, interval: settings.nanoseconds, directory: directory)
    guard let terminal = terminal(settings) else { return try printInstead(nil) }
    let dashboard = try Dashboard(terminal, of: feed, opening: feed.opening, settings: settings)
    for owner in feed.owners { dashboard.say(Failure.printable(owner)) }
    try run(dashboard, configured)
  }

  /// What a file holds; a frame of it where the terminal has no screen.
  private func show(
    _ feed: any Feed, _ opening: [Message], instead file: Place, _ settings: Settings, _ configured: SettingsReader
  ) throws {
    guard let terminal = terminal(settings) else {
      configured.complain()
      return try printFrames(of: Series(file, at: moment.at, count: 1))
    }
    try run(Dashboard(terminal, of: feed, opening: opening, settings: settings), configured)
  }

  private func terminal(_ settings: Settings) -> CursesTerminal? {
    try? CursesTerminal(usesMouse: settings.usesMouse, isUnicode: settings.shapes == .unicode ? true : nil)
  }

  private func run(_ dashboard: Dashboard, _ configured: SettingsReader) throws {
    if let complaint = configured.complaint(isShort: true) { dashboard.say(Failure.printable(complaint)) }
    guard let endingSignal = try dashboard.run() else { return }
    // The shell is to see what ended the program.
    signal(endingSignal, SIG_DFL)
    raise(endingSignal)
  }

  private func printDefaults() throws {
    do { try StandardOutput.write(Array(DefaultsText.toml.utf8)) } catch is ReaderIsGone {}
  }

  private func printFrames(of series: Series) throws { try printFrames { try series.run($0) } }

  private func printFrames(of run: ((Model) throws -> Void) throws -> Void) throws {
    var isFirst = true
    do {
      try run { model in
        let frame = TextReport(model) { DisplayWidth.of($0) }.frame
        try StandardOutput.write((isFirst ? [] : [10]) + Array(frame.utf8))
        isFirst = false
      }
    } catch is ReaderIsGone {}
  }
}

extension SettingsReader {
  /// Says what is wrong with it where no screen hides it.
  fileprivate func complain() {
    if let complaint = complaint(isShort: false) { Failure.note("ctxtop: \(complaint)") }
  }
}
