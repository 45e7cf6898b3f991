// A worker's part: the shop behind HTTP, with a pool of threads. Its first thread waits for the signal that ends it.

import ArgumentParser
import CSpawn
import CtxtopDemoOptions
import Glibc

/// Serves requests from a socket that it was started with.
struct Work: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "A worker; the supervisor starts it.", shouldDisplay: false)

  @Option var number: Int
  @Option var parent: Int32
  @Option var place: String
  @Flag var tells = false
  @Flag var quiet = false
  @OptionGroup var options: DemoOptions

  /// Where the supervisor puts the descriptors.
  private static let listener: Int32 = 3
  private static let ready: Int32 = 4

  func run() throws {
    // What replaces a worker gracefully and what ends the demo is the same to it.
    var signals = Signals([SIGTERM, SIGHUP, SIGINT])
    guard ctxtop_end_with_parent(parent, SIGTERM) != 0 else { return }
    let truth = try Truth(writing: "\(place)/truth-\(getpid())")
    let shop = try Shop(options, number: number, supervisor: parent, database: "\(place)/shop.db", truth)
    let threads = Threads(options.threads, named: "shop")
    let server = WorkerServer(listener: Work.listener) { request, answer in
      threads.submit { shop.serve(request, answer) }
    }
    server.start()
    if tells { try tell() }
    if quiet { Lines.silence() }
    _ = signals.next()
    server.drain()
    threads.stop()
    shop.close()
    // Static data of libraries is in use by threads of theirs.
    _exit(0)
  }

  private func tell() throws(Trouble) {
    guard write(Work.ready, "serving\n", 8) == 8 else { throw .call("telling the supervisor") }
    close(Work.ready)
  }
}
