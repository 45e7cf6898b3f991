// The visitors' part.

import ArgumentParser
import CSpawn
import CtxtopDemoOptions
import Glibc

/// Visits the shop, as many people at a time.
struct Visiting: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "visit",
    abstract: "Visit a shop that is served already; prints what came of it.",
    discussion: """
      Ends when all --requests are answered, or by a signal.

      EXAMPLES:
        ctxtop-demo visit --to 8080 --requests 1000 --rate 0 --seed 7
      """)

  @Option(help: "The shop's port on 127.0.0.1.")
  var to: Int

  @Option(help: .hidden)
  var parent: Int32?

  @Flag(help: .hidden)
  var quiet = false

  @OptionGroup var options: DemoOptions

  func run() throws {
    if let parent, ctxtop_end_with_parent(parent, SIGTERM) == 0 { return }
    signal(SIGPIPE, SIG_IGN)
    if quiet { Lines.silence() }
    let crowd = Crowd(options, port: to)
    crowd.run()
    Lines.print(crowd.report)
  }
}
