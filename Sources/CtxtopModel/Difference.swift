// What changed between two moments of an app, for `ctxtop diff`: pure, from two models.
//
//   Difference.swift           the whole
//   DifferenceWorkers.swift    which worker is which, also across a restart
//   DifferenceNumbers.swift    the numbers that are compared: one table
//   DifferenceLosses.swift     what leaked, and what was not torn down
//   DifferenceSides.swift      one worker at both moments
//   DifferenceThings.swift     what appeared, vanished, grew
//   DifferenceSentence.swift   the conclusion as one sentence, and what it cannot know
//
// Only what certainly happened in between is counted. A worker that left its slot to another one took its counters
// with it: what it did since the first moment is not known, and is told as such.

import CtxtopSnapshot

/// What a recording shows between two moments: the most that was left behind at one time.
package struct Passing: Sendable {
  /// Contexts left behind, and connections that nobody is left to return.
  package let contexts: UInt32, connections: UInt32
  /// When: nanoseconds since 1970.
  package let wallTime: UInt64

  /// What was seen at a time.
  package init(contexts: UInt32, connections: UInt32, wallTime: UInt64) {
    self.contexts = contexts
    self.connections = connections
    self.wallTime = wallTime
  }
}

/// Two moments of an app, and what lies between them.
package struct Difference: Sendable {
  /// The earlier moment.
  package let before: Model
  /// The later one.
  package let after: Model
  /// Every worker of either.
  package let workers: [WorkerPair]
  /// Whether all workers of the first moment are gone, and others are there.
  package let isRestarted: Bool
  /// The numbers of all workers together, in the order of the table.
  package let totals: [NumberChange]
  /// What was lost, leaks first.
  package let losses: [Loss]
  /// What was not there before, what is not there any more, and what is there still but in another state or number.
  package let things: [ThingChange]

  /// What was left behind between the two, and is not there at either; nil: nothing that is known.
  package let passing: Passing?
  /// Whether the later moment is known by more than one pass: a leak joins two.
  package let isConfirmed: Bool

  /// Compares two moments; `after` is not the earlier one. Either may confirm what the other says of the time before
  /// both; what leaked in between, the first one cannot.
  package init(from before: Model, to after: Model, passing: Passing? = nil) {
    let (before, isConfirmed) = (before.confirmed(by: after), after.isConfirmed)
    let after = after.confirmed(by: before)
    self.before = before
    self.after = after
    self.passing = passing
    self.isConfirmed = isConfirmed
    let workers = WorkerPair.pairs(before, after)
    self.workers = workers
    isRestarted = WorkerPair.isRestart(workers, before.now, after.now)
    totals = DifferenceNumber.all.map { $0.total(workers, before, after) }
    losses = Loss.all(workers, before, after)
    things = ThingChange.all(workers, before, after)
  }

  /// Nanoseconds between the two.
  package var interval: UInt64 {
    after.now.wallTime > before.now.wallTime ? after.now.wallTime - before.now.wallTime : 0
  }
  /// Whether anything leaked.
  package var hasLeaked: Bool { !leaks.isEmpty || passing != nil }
  /// What leaked.
  package var leaks: [Loss] { losses.filter(\.kind.isLeak) }
  /// What was not torn down, and leaked nothing that is known.
  package var failures: [Loss] { losses.filter { !$0.kind.isLeak } }
  /// How a number of all workers changed.
  package func total(_ number: DifferenceNumber) -> NumberChange {
    totals.first { $0.number.id == number.id } ?? number.total(workers, before, after)
  }
  /// The worker of a pair, as it was seen last.
  package func worker(of pair: WorkerPair) -> Worker? {
    pair.after.map { after.now.workers[$0] } ?? pair.before.map { before.now.workers[$0] }
  }
}
