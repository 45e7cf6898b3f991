// The program: wiring only. What a command does is in the file of its name.
//
//   Watch.swift    ctxtop [TARGET ...]  Dashboard.swift   the run loop of the screen
//                                       TargetList.swift, FleetTarget.swift, FleetFeed.swift, FleetSeries.swift
//                                                         several targets together
//   Ls.swift       ctxtop ls            Errands.swift     what it asks the exporter for
//   Record.swift   ctxtop record        Recorder.swift, Rotation.swift, Progress.swift, Summaries.swift
//   Dump.swift     ctxtop dump          TableOptions.swift  what it prints of one table
//                                       DumpFormat.swift, DumpedRecording.swift
//   Diff.swift     ctxtop diff          Check.swift       ctxtop check, with Alarm.swift
//                                       SnapshotFile.swift  what the dashboard writes on `w`
//   Explain.swift  ctxtop explain       Series.swift      models one after the other, for what prints
//   Recycle.swift  ctxtop recycle       Subject.swift     one model of an app or a file
//   Relay.swift    ctxtop relay         RelayLoop.swift, RelayOutput.swift
//   FarLs.swift    ctxtop ls ssh://...  Login.swift       who answers ssh
//   Run.swift      ctxtop run           Output.swift      standard output and files
//                                       Interpreter.swift which Python a command runs in
//   Demo.swift     ctxtop demo          DemoServer.swift  the server that it runs
//   Help.swift     ctxtop help          HelpTopic.swift, Manual.swift, CommandInfo.swift
//   Completions.swift ctxtop completions, with Candidates.swift and CompletionScripts.swift
//   SettingsOptions.swift, ConfigurationFile.swift        what is configured, and where
//   Arguments.swift, Quantities.swift                     what several commands take
//   Failure.swift  errors as prose, with TargetFailure.swift, SourceFailure.swift, RunFailure.swift
//   ExitStatus.swift  the table of exit statuses          Ending.swift      which command ends how

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

      A TARGET is the name of an app that runs here, a path to its socket or segment, or a file with what was seen \
      of one: a recording, or JSON that `ctxtop dump` wrote; or ssh://[user@]host[:port]/ and an app or a path there. \
      Without one, ctxtop takes the only app that runs here.

      EXAMPLES:
        ctxtop                  the dashboard of the only app that runs here
        ctxtop shop             the dashboard of the app called shop
        ctxtop shop blog        two apps in one dashboard
        ctxtop ssh://prod-3/shop
                                the app called shop on the host prod-3, through ssh
        ctxtop ls               which apps run here
        ctxtop demo             a server that leaks, to see all of this on
        ctxtop dump shop        what the dashboard would show, as text
        ctxtop record shop -o shop.ctxtop
                                what the dashboard would show, to look at later
        ctxtop diff a.json b.json
                                what leaked between two moments
        ctxtop check shop       whether all is well, for a monitoring system
        ctxtop explain CTX004   what a verdict means, and what to do
        ctxtop run -- gunicorn shop:app
                                run a server with every app in it instrumented
        ctxtop help watch       options and arguments of the dashboard
        ctxtop help verdicts    the verdicts; `ctxtop help help` lists all topics
      """,
    version: "1.0.0",
    subcommands: [
      Watch.self, Ls.self, Dump.self, Record.self, Diff.self, Check.self, Recycle.self, Explain.self, Run.self,
      Demo.self,
      Relay.self,
      Completions.self,
      Candidates.self,
      Help.self,
    ],
    defaultSubcommand: Watch.self)

  /// When this version was made, for the manual.
  static let released = "2026-11-22"

  static func main() {
    Inherited.ignoreSignals()
    let words = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try parseAsRoot(words)
      try command.run()
    } catch {
      Ending(words).end(with: error, of: words)
    }
  }
}

/// What this process was started with, for a program that it becomes.
enum Inherited {
  /// A reader that goes away is an error of `write`, not the end of the program. So is a file that has reached the
  /// greatest size that it may have.
  private static let signals = [SIGPIPE, SIGXFSZ]
  // The program has one thread.
  private nonisolated(unsafe) static var handlers: [(Int32, sighandler_t?)] = []

  /// Ignores what is an error of a system call just as well.
  static func ignoreSignals() { handlers = signals.map { ($0, signal($0, SIG_IGN)) } }

  /// Handles these signals as before.
  static func restoreSignals() {
    for (number, handler) in handlers { signal(number, handler) }
  }
}
