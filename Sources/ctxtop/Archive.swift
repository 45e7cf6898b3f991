// What a file holds of an app: one moment after the other, each as a model. Recordings and JSON look the same from here.

import CtxtopModel
import CtxtopStore

/// The moments that a file holds, in its order.
protocol Archive: AnyObject {
  /// Where it is.
  var path: String { get }
  /// How many moments there are.
  var count: Int { get }
  /// When a moment was: nanoseconds since 1970.
  func wallTime(at index: Int) throws -> UInt64
  /// What is known of a moment.
  func model(at index: Int) throws -> Model
  /// What was left behind between two moments and is not at either, as far as a look at every moment is not needed.
  func passing(between first: Int, and last: Int) -> Passing?
  /// Why nothing is known between a time and the moment before it; nil: something is, or nothing was missed.
  func absence(at wallTime: UInt64, after index: Int) -> String?
}

extension Archive {
  func passing(between first: Int, and last: Int) -> Passing? { nil }

  /// The moment that is meant: the last one that is not later than the time. Says so when nothing was seen then.
  func index(at time: TimeReference?) throws -> Int {
    guard count > 0 else {
      throw Failure("reading \(path)", "nothing was recorded in it yet", "give another file", .badData)
    }
    guard let time else { return count - 1 }
    let (first, last) = (try wallTime(at: 0), try wallTime(at: count - 1))
    let wanted = time.wallTime(first: first, last: last)
    guard let index = try lastIndex(notAfter: wanted), wanted <= last || index < count - 1 else {
      throw Failure(
        "looking at \(time.text) in \(path)",
        "it shows \(count == 1 ? Self.text(first) : "\(Self.text(first)) to \(Self.text(last))")",
        "give a time of these", .usage)
    }
    if let reason = absence(at: wanted, after: index) {
      Failure.note(
        "ctxtop: looking at \(time.text) in \(path): \(reason); showing \(Self.text(try wallTime(at: index)))")
    }
    return index
  }

  /// Clocks are set: the moments need not be in the order of time.
  private func lastIndex(notAfter time: UInt64) throws -> Int? {
    var index = count - 1
    while index >= 0 {
      if try wallTime(at: index) <= time { return index }
      index -= 1
    }
    return nil
  }

  private static func text(_ wallTime: UInt64) -> String { String(Format.time(wallTime).prefix(19)) + "Z" }
}

extension Place {
  /// What a file holds; nil for an app.
  func archive() throws -> (any Archive)? {
    switch self {
    case .live: nil
    case .recording(let path): try RecordedMoments(path).notingDamage()
    case .document(let path): try DocumentMoments(path)
    }
  }
}
