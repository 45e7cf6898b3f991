// The supervisor's part: everything that there is one of.

import ArgumentParser
import CtxtopDemoOptions
import Glibc

/// Serves the shop until it is ended.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve the shop, with visitors, until a signal ends it.",
    discussion: """
      Prints one line when all workers serve: `ready URL TARGET`. TARGET is what `ctxtop` is given. Workers write down \
      what they leaked, in the files truth-PID of the directory that --show-place prints.

      \(DemoOptions.explanation)

      EXAMPLES:
        ctxtop-demo                                   the shop as `ctxtop demo --serve` runs it
        ctxtop-demo --visitors 0 --port 8080          without visitors: curl http://127.0.0.1:8080/account
        ctxtop-demo --policy legacy --mix cart=1
      """)

  @OptionGroup var options: DemoOptions

  @Flag(help: "Print also the directory of the database, as a second line.")
  var showPlace = false

  @Flag(help: "Tell people what to look at the shop with, instead of the line for programs.")
  var explains = false

  @Flag(help: .hidden)
  var quiet = false

  func run() throws {
    // Before anything else is there: also in the threads to come.
    let signals = Signals([SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT])
    let place = try Place()
    let listener = try Listener(port: options.port)
    setenv("CTXTOP_NAME", Place.name, 1)
    // The shop has no secrets: its messages may be seen. Whoever may look may also have a worker replaced.
    setenv("CTXTOP_MESSAGES", "1", 0)
    setenv("CTXTOP_CONTROL", "1", 0)
    try Database.prepare(place.database)
    var supervisor = Supervisor(words, listener, place, signals)
    try supervisor.open(options.workers)
    tell("http://127.0.0.1:\(listener.port)", place)
    // Whoever waited for the line reads nothing more; a pipe that is full would block.
    if quiet { Lines.silence() }
    if options.visitors > 0 {
      try supervisor.invite(["visit", "--parent", "\(getpid())", "--to", "\(listener.port)"] + words)
    }
    supervisor.run()
  }

  private func tell(_ url: String, _ place: Place) {
    if explains {
      Lines.print("the shop serves on \(url); look at it with\n    ctxtop \(place.target)\nCtrl-C ends it")
    } else {
      Lines.print("ready \(url) \(place.target)")
    }
    if showPlace { Lines.print(place.work) }
  }

  /// The options as they were given, for the other parts.
  private var words: [String] {
    let own = ["serve", "--show-place", "--explains", "--quiet"]
    return CommandLine.arguments.dropFirst().filter { !own.contains($0) } + (quiet ? ["--quiet"] : [])
  }
}
