// What `ctxtop check` knows of its target: one model, and how often teardown functions raise.

import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// The target of a check.
struct CheckSubject {
  private let place: Place
  private let time: TimeReference?
  private let window: UInt64?

  /// `window`: nanoseconds to watch an app for.
  init(_ subject: SubjectArguments, window: UInt64?) throws {
    place = try subject.target.place()
    time = subject.at
    self.window = window
  }

  /// What is known.
  func facts() throws -> CheckFacts {
    if let window, time == nil, case .live(let endpoint) = place { return try watched(endpoint, window) }
    if window != nil, isPast {
      throw Failure("checking for a while", "a file does not change", "leave --window out", .usage)
    }
    let model = try Subject.model(of: place, at: time)
    return CheckFacts(
      model: model, failures: try failures(model), isConfirmed: isConfirmed(model), isPast: isPast)
  }

  /// The app at the end of a while, and what its counters counted in it.
  private func watched(_ endpoint: Endpoint, _ window: UInt64) throws -> CheckFacts {
    var models: [Model] = []
    try Series(endpoint: endpoint, count: 2, interval: window).run { models.append($0) }
    let difference = Difference(from: models[0], to: models[1])
    let failures = FailureRate.counted(difference) ?? FailureRate.recorded(in: models[1].now)
    return CheckFacts(model: models[1], failures: failures, isConfirmed: isConfirmed(models[1]))
  }

  /// The failures' own records; where they do not tell, the counters a minute before, in a file that goes back so far.
  private func failures(_ model: Model) throws -> CheckValue {
    let recorded = FailureRate.recorded(in: model.now)
    let seconds = model.now.wallTime / 1_000_000_000
    guard recorded.known == nil, seconds > 60, let before = TimeReference("@\(seconds - 60)"),
      let archive = try place.archive(), archive.count > 1, let index = try? archive.index(at: before)
    else { return recorded }
    return FailureRate.recorded(in: Difference(from: try archive.model(at: index), to: model))
  }

  /// Whether a file tells, and not the app.
  private var isPast: Bool {
    switch place {
    case .live: false
    case .recording, .document: true
    }
  }

  /// What joins two records needs two passes; a document says what those concluded who had them.
  private func isConfirmed(_ model: Model) -> Bool {
    if model.isTold { return true }
    guard let earlier = model.earlier else { return false }
    return model.now.monotonicTime >= earlier.monotonicTime &+ Model.confirmationInterval
  }
}
