// The demo: a shop whose server is written in Swift, with visitors. One executable in three parts, each a process (or
// several) of its own:
//
//   Serve.swift    the supervisor: Supervisor/   listens, starts workers and visitors, replaces what ends
//   Work.swift     a worker: Worker/             HTTP, threads;  Shop/: what is sold, and what goes wrong
//   Visit.swift    the visitors: Visitors/       real requests over TCP
//
// What it leaks on purpose it writes down (Shop/Truth.swift), so that what ctxtop says can be held against it.

import ArgumentParser

@main
struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ctxtop-demo",
    abstract: "A server that leaks, for `ctxtop demo`.",
    subcommands: [Serve.self, Work.self, Visiting.self],
    defaultSubcommand: Serve.self)

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let trouble as Trouble {
      trouble.end()
    } catch {
      exit(withError: error)
    }
  }
}
