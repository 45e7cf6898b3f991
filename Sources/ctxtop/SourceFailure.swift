// What it means to the user that a source gave nothing: a socket, a segment, or neither.

import CtxtopStore

extension Failure {
  /// What a failed source or target means to the user.
  init(_ error: StoreError) {
    switch error {
    case .system(let error, let path):
      self.init(error, path)
    case .nothingFound, .unknownName, .severalServices, .unsupportedTarget, .notATarget, .unknownFile:
      self = .ofTarget(error)
    case .refused, .foreignPeer:
      self = .ofTrust(error)
    case .notASegment, .otherSegmentVersion, .damagedSegment:
      self = .ofSegment(error)
    case .badTarget, .ssh, .far, .noFarProgram, .noRelay, .otherRelay, .cannotForward, .nobodyAt, .on,
      .withoutSegment:
      self = .ofRemote(error)
    case .neither(let socket, let segment):
      self = .of(socket: socket, segment: segment)
    default:
      self = .ofSocket(error)
    }
  }

  /// A system call failed on a path.
  init(_ error: SystemError, _ path: String) {
    let tried = error.call == "connect" ? "connecting to \(path)" : "reading \(path)"
    if error.isAbsence {
      self.init(tried, error.description, "check the path, or see with `ctxtop ls` what runs here", .noInput)
    } else if error.isPermission {
      self.init(tried, error.description, "run ctxtop as the user who runs the app, or as root", .noPermission)
    } else {
      self.init(tried, "\(error.description) (\(error.call))", "try again", .system)
    }
  }

  private static func ofSocket(_ error: StoreError) -> Failure {
    let app = "the app's log says whether ctxtop is active in it"
    switch error {
    case .noListener(let path):
      return Failure("connecting to \(path)", "nobody listens there", "start the app; its socket is dead", .unavailable)
    case .silent(let path):
      return Failure("asking \(path)", "no answer", "see whether the app is stopped, and try again", .tryLater)
    case .stalled(let path):
      return Failure("reading from \(path)", "the answer stopped in the middle of a record", "try again", .tryLater)
    case .closed(let path):
      return Failure(
        "reading from \(path)", "the connection was closed", "try again; the app may be restarting", .tryLater)
    case .notOurProtocol(let path):
      return Failure(
        "reading from \(path)", "what came is not a ctxtop snapshot", "give the path of an app's ctxtop socket",
        .protocol)
    case .refusedRequest(let path, let message):
      return Failure(
        "asking \(path)", "it refused: \(message)", "use the ctxtop that belongs to the app's agent", .protocol)
    case .otherRecordVersion(let path, let version):
      return Failure(
        "reading from \(path)", "it speaks version \(version) of the snapshot record",
        "use the ctxtop that belongs to the app's agent", .protocol)
    case .damagedRecord(let path, let reason):
      return Failure("reading from \(path)", "the record is damaged: \(reason)", app, .badData)
    default:
      return Failure("reading", "\(error)", app, .software)
    }
  }

  private static func ofSegment(_ error: StoreError) -> Failure {
    switch error {
    case .otherSegmentVersion(let path, let version):
      return Failure(
        "reading \(path)",
        "its layout has version \(version), and this ctxtop reads version \(Service.segmentVersion)",
        "use the ctxtop that belongs to the app's agent", .badData)
    case .damagedSegment(let path):
      return Failure(
        "reading \(path)", "it is shorter than it says or contradicts itself", "restart the app to have it made anew",
        .badData)
    case .notASegment(let path):
      return Failure(
        "reading \(path)", "it is not a ctxtop segment", "give the path of an app's .sock or .segment file", .badData)
    default:
      return Failure("reading a segment", "\(error)", "try again", .software)
    }
  }

  /// Both ways failed. A segment that is not there adds nothing to what the socket said.
  private static func of(socket: StoreError, segment: StoreError) -> Failure {
    if case .system(let error, _) = segment, error.isAbsence { return Failure(socket) }
    let first = Failure(socket)
    var failure = Failure(segment)
    failure.tried = "\(first.tried): \(first.happened); \(failure.tried) instead"
    return failure
  }
}
