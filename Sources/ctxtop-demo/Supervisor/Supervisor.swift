// Starts the workers and the visitors, and puts another worker in the place of each that ends. One thread, which all
// others end with: whoever starts a process here is asked about by the kernel when it is gone (CSpawn.h).

import Glibc

/// The supervisor of one demo.
struct Supervisor {
  /// A worker that ends so soon after its start is replaced a while later, so that nothing spins.
  private static let youth: UInt64 = 500_000_000
  /// For so long workers may take for the requests that they have.
  private static let patience: UInt64 = 8_000_000_000

  private let words: [String]
  private let listener: Listener
  private let place: Place
  private var signals: Signals
  /// Workers by number, with the time of their start.
  private var workers: [Int: (child: Child, started: UInt64)] = [:]
  private var visitors: Child?
  private var isReady = false

  /// `words` are the options as they were given.
  init(_ words: [String], _ listener: Listener, _ place: Place, _ signals: Signals) {
    self.words = words
    self.listener = listener
    self.place = place
    self.signals = signals
  }

  /// Starts the workers; returns when each of them serves.
  mutating func open(_ count: Int) throws(Trouble) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .call("making a pipe") }
    let (reading, writing) = (try Handing.high(ends[0]), try Handing.high(ends[1]))
    defer { close(reading) }
    for number in 1...count { try start(number, ready: writing) }
    close(writing)
    // Each writes a line; the end of the pipe is there when all have written, or ended without.
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 256)
    while true {
      let got = read(reading, &buffer, buffer.count)
      if got > 0 { text += buffer.prefix(got) }
      if got == 0 || (got < 0 && errno != EINTR) { break }
    }
    guard text.count(where: { $0 == 10 }) == count else {
      end()
      throw Trouble("starting the workers", "one of them ended at once", "see what it says above")
    }
    isReady = true
  }

  /// Lets the visitors come.
  mutating func invite(_ words: [String]) throws(Trouble) { visitors = try Child.start(words, []) }

  /// Goes on until it is told to end, replacing what ends meanwhile.
  mutating func run() {
    while true {
      switch signals.next(within: 1000) {
      case nil, SIGCHLD: replace()
      default: return end()
      }
    }
  }

  private mutating func start(_ number: Int, ready: Int32?) throws(Trouble) {
    let own = ["work", "--number", "\(number)", "--parent", "\(getpid())", "--place", place.work]
    let descriptors = [listener.descriptor] + (ready.map { [$0] } ?? [])
    workers[number] = (try Child.start(own + (ready == nil ? [] : ["--tells"]) + words, descriptors), Self.now())
  }

  /// Puts new workers in the places of those that have ended.
  private mutating func replace() {
    for (number, worker) in workers where Self.hasEnded(worker.child) {
      if Self.now() &- worker.started < Self.youth { usleep(500_000) }
      do throws(Trouble) {
        try start(number, ready: nil)
      } catch {
        // It is tried again at the next turn: the worker's number stays without a process until then.
        Trouble.say("\(error.tried): \(error.happened); \(error.remedy)")
      }
    }
    if let visitors, Self.hasEnded(visitors) { self.visitors = nil }
  }

  private static func hasEnded(_ child: Child) -> Bool {
    var status: Int32 = 0
    let result = waitpid(child.id, &status, WNOHANG)
    return result == child.id || (result < 0 && errno == ECHILD)
  }

  /// Ends everything: the visitors first, then the workers, which finish what they have.
  private mutating func end() {
    let children = [visitors].compactMap { $0 } + workers.values.map(\.child)
    for child in children { child.end() }
    var left = children
    let deadline = Self.now() &+ Self.patience
    while !left.isEmpty, Self.now() < deadline {
      left.removeAll(where: Self.hasEnded)
      if !left.isEmpty { usleep(20_000) }
    }
    for child in left {
      child.kill9()
      waitpid(child.id, nil, 0)
    }
    (workers, visitors) = ([:], nil)
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
