// All visitors: a thread each, a connection each, and one plan of how many visits there are left.

import CtxtopDemoOptions
import Glibc
import Synchronization

/// The visitors of one shop.
final class Crowd: Sendable {
  private let options: DemoOptions
  private let port: Int
  private let plan: Plan
  private let answered = Atomic<UInt64>(0)
  private let failed = Atomic<UInt64>(0)
  private let misserved = Atomic<UInt64>(0)
  private let unanswered = Atomic<UInt64>(0)

  init(_ options: DemoOptions, port: Int) {
    self.options = options
    self.port = port
    plan = Plan(options.visits, limit: options.requests)
  }

  /// Returns when all visits are made.
  func run() {
    let threads = Threads(options.visitors == 0 ? 1 : options.visitors, named: "visitor")
    let seed = options.seed ?? UInt64.random(in: .min ... .max)
    for number in 0..<max(options.visitors, 1) {
      threads.submit { self.visit(number, Draw(seed: seed &+ UInt64(number))) }
    }
    threads.stop()
  }

  /// One line.
  var report: String {
    """
    visitors: \(answered.load(ordering: .relaxed)) answers, \(failed.load(ordering: .relaxed)) of them errors, \
    \(misserved.load(ordering: .relaxed)) with the session of somebody else; \
    \(unanswered.load(ordering: .relaxed)) requests without an answer
    """
  }

  /// One visitor's visits, with pauses as the rate wants them.
  private func visit(_ number: Int, _ random: Draw) {
    var random = random
    let user = Self.users[number % Self.users.count]
    let client = Client(port: port, user: user)
    // Microseconds between the beginnings of two visits, on average.
    let pause = options.rate == 0 ? 0 : Double(max(options.visitors, 1)) / Double(options.rate) * 1e6
    while let visit = plan.next(&random) {
      if pause > 0 { usleep(UInt32(random.fraction() * 2 * pause)) }
      // Else those who stay would all stay with the worker that was the quickest once.
      if random.below(16) == 0 { client.close() }
      note(client.get("\(visit.path)/\(random.below(3) + 1)"), to: visit, as: user)
    }
    client.close()
  }

  private func note(_ response: Client.Response?, to visit: Visit, as user: String) {
    guard let response else { return add(unanswered) }
    add(answered)
    if response.status >= 400 { add(failed) }
    if visit == .account, response.status == 200, response.text != "the session of \(user)\n" { add(misserved) }
  }

  private func add(_ count: borrowing Atomic<UInt64>) { count.add(1, ordering: .relaxed) }

  private static let users = [
    "ada", "grace", "edsger", "barbara", "donald", "frances", "alan", "radia", "niklaus", "margaret", "tony", "karen",
  ]
}

/// Which visit is next, for all visitors together.
final class Plan: Sendable {
  private let ladder: [(visit: Visit, upTo: Double)]
  private let single: [Visit]
  private let limit: Int?
  private let given = Atomic<Int>(0)

  init(_ mix: Mix, limit: Int?) {
    ladder = mix.ladder
    single = mix.single
    self.limit = limit
  }

  /// What is done next; nil: there were enough visits. What is to be done once comes after a while, so that there is
  /// something to see it happen to.
  func next(_ random: inout Draw) -> Visit? {
    let number = given.add(1, ordering: .relaxed).oldValue
    if let limit, number >= limit { return nil }
    let place = number - Self.calm
    if place >= 0, place % Self.calm == 0, single.indices.contains(place / Self.calm) {
      return single[place / Self.calm]
    }
    guard let last = ladder.last else { return number < Self.calm ? .item : nil }
    let height = random.fraction() * last.upTo
    return ladder.first { height < $0.upTo }?.visit ?? last.visit
  }

  private static let calm = 30
}

/// Random numbers that are the same for the same seed: splitmix64.
struct Draw: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// From 0 up to 1.
  mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }
}
