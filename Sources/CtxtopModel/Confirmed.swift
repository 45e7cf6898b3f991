// A moment that has no other pass to confirm it, as the first one of a recording. Any pass over the same workers that
// says the same will do, also a later one.

import CtxtopSnapshot

extension Model {
  /// The same moment, judged with another one of the same app as its witness, unless it was judged with one already.
  package func confirmed(by other: Model) -> Model {
    let (first, last) = (
      min(now.monotonicTime, other.now.monotonicTime), max(now.monotonicTime, other.now.monotonicTime)
    )
    guard earlier == nil, isJudgedHere, last - first >= Self.confirmationInterval else { return self }
    return Model(now: now, witness: other.now)
  }

  /// Whether its conclusions were drawn from whole facts: those of a document do without the times of agents.
  private var isJudgedHere: Bool { !isTold && !now.workers.contains { $0.attached == 0 } }
}
