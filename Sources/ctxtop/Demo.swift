// `ctxtop demo`: runs the program `ctxtop-demo` that lies beside this one, and opens the dashboard on it. The server
// and its visitors end with this process, however it ends: the kernel tells the supervisor (CSpawn.h).

import ArgumentParser
import CtxtopDemoOptions
import CtxtopStore
import Glibc

/// Shows ctxtop at work, on a server that leaks.
struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "A server that leaks, with visitors, and the dashboard on it.",
    discussion: """
      A shop with several processes and threads, a database in SQLite, and visitors who send it real requests. Some of \
      them meet what real applications get wrong. It is written in Swift, on the library CtxtopContexts; nothing but \
      this program and the `ctxtop-demo` beside it is needed. `q` ends all of it, and nothing is left behind.

      \(DemoOptions.explanation)

      EXAMPLES:
        ctxtop demo                     connections are lost, a thread reuses a context
        ctxtop demo --policy legacy     one thread serves all with one user's session
        ctxtop demo --policy finish     functions that raise do no harm
        ctxtop demo --healthy           nothing is wrong
        ctxtop demo --recycle-on-leak   a worker that leaked is drained and replaced
        ctxtop demo --reload-on-exception --mix search=100,failing=5
                                        workers die, and a lock stays behind
        ctxtop demo --serve             only the server, for `ctxtop` elsewhere
        ctxtop demo --rate 500 --mix cart=0,report=1
      """)

  @OptionGroup var options: DemoOptions

  @Flag(
    help: "Run the server without the dashboard, for others to look at; prints its URL, and what to look at it with.")
  var serve = false

  func run() throws {
    let program = try DemoServer.program()
    let words = Array(CommandLine.arguments.drop { $0 != Self.name }.dropFirst().filter { $0 != "--serve" })
    if serve { return try become(program, words) }
    let server = try DemoServer(program, words)
    defer { server.end() }
    // As if it had been given on the command line: without a screen there is a frame instead.
    let watch = try Watch.parse([server.target])
    try watch.run()
  }

  /// Becomes the server, which says where it is.
  private func become(_ program: String, _ words: [String]) throws {
    Inherited.restoreSignals()
    var copies: [UnsafeMutablePointer<CChar>?] = ([program, "serve", "--explains"] + words).map { strdup($0) }
    copies.append(nil)
    let error = System.become(program, &copies)
    Inherited.ignoreSignals()
    throw Failure("running \(program)", error.description, "build it anew", .cannotRun)
  }
}
