// The program: wiring only. What a command does is in the file of its name.
//
//   Watch.swift    ctxtop [TARGET]      Dashboard.swift   the run loop of the screen
//   Ls.swift       ctxtop ls            Series.swift      models one after the other, for what prints
//   Dump.swift     ctxtop dump          Output.swift      standard output and files
//   Explain.swift  ctxtop explain
//   Recycle.swift  ctxtop recycle
//   Failure.swift  errors as prose and exit status        Arguments.swift   what several commands take

import ArgumentParser
import Glibc

/// `ctxtop`: top for application contexts.
@main
struct Ctxtop: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ctxtop",
    abstract: "top for application contexts",
    discussion: """
      Shows, per worker and per thread, which request and app contexts are on the stack, which database \
      connections they hold, which teardown function failed and what leaked.

      A TARGET is the name of an app that runs here, or a path to its socket or segment. Without one, ctxtop \
      takes the only app that runs here.

      EXAMPLES:
        ctxtop                  the dashboard of the only app that runs here
        ctxtop shop             the dashboard of the app called shop
        ctxtop ls               which apps run here
        ctxtop dump shop        what the dashboard would show, as text
        ctxtop explain CTX004   what a verdict means, and what to do
        ctxtop help watch       options and arguments of the dashboard
      """,
    version: "1.0.0",
    subcommands: [Watch.self, Ls.self, Dump.self, Recycle.self, Explain.self],
    defaultSubcommand: Watch.self)

  static func main() {
    // A reader that goes away is an error of `write`, not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    // So is a file that has reached the greatest size that it may have.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      failure.report()
      Glibc.exit(failure.status.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}
