// The one error type of this target: what went wrong and with what. How it reads to a human, and which
// exit status it becomes, is decided in one file of the executable.

/// Why snapshots could not be had.
package enum StoreError: Error, Equatable, Sendable {
  /// A system call on `path` failed.
  case system(SystemError, path: String)
  /// Nothing that ctxtop can show was found; where it looked.
  case nothingFound(searched: [DirectoryReport])
  /// No service has this name; the names of those that are there.
  case unknownName(String, known: [String], searched: [DirectoryReport])
  /// More than one service would do; names, or paths where names are not unique.
  case severalServices([String])
  /// A kind of target that this program does not know.
  case unsupportedTarget(String)
  /// What is at the path is neither a socket nor a file.
  case notATarget(String)
  /// The file at the path is none that ctxtop reads; what it is instead.
  case unknownFile(path: String, FileContent)
  /// A file or directory that is not to be trusted.
  case refused(path: String, Refusal)
  /// The process that listens at the socket is not to be trusted.
  case foreignPeer(path: String, owner: UInt32)
  /// A socket without a process that listens.
  case noListener(String)
  /// Connected, but no byte came in time.
  case silent(String)
  /// The answer stopped in the middle of a record.
  case stalled(String)
  /// The exporter closed the connection.
  case closed(String)
  /// What came is not a snapshot record.
  case notOurProtocol(String)
  /// The exporter said no; its words, cleaned.
  case refusedRequest(String, message: String)
  /// The record was written by another version of ctxtop.
  case otherRecordVersion(String, version: Int)
  /// A record that contradicts itself; what does not hold.
  case damagedRecord(String, reason: String)
  /// The file is not a segment.
  case notASegment(String)
  /// A segment whose layout this program does not know.
  case otherSegmentVersion(String, version: Int)
  /// A segment that is shorter than it says or contradicts itself.
  case damagedSegment(String)
  /// A target on another host that cannot be read; what is wrong with it.
  case badTarget(String, reason: String)
  /// ssh did not do what was asked of it.
  case ssh(host: String, SSHFailure)
  /// The ctxtop on another host failed; its words.
  case far(host: String, FarFailure)
  /// The ctxtop on another host that was named is not there.
  case noFarProgram(host: String)
  /// What was called as ctxtop on another host ended without a word for this one; what it said besides.
  case noRelay(host: String, said: String, status: Int32)
  /// The ctxtop on another host has another protocol between the two.
  case otherRelay(String, version: Int)
  /// A path on another host that ssh cannot forward; without a ctxtop there is no other way.
  case cannotForward(host: String, path: String)
  /// Nobody answers at a socket on another host that ssh forwards to.
  case nobodyAt(host: String, path: String)
  /// What is on another host is not what was asked for.
  indirect case on(host: String, StoreError)
  /// A forwarded socket gives nothing, and there is no ctxtop on the other host to read the segment.
  indirect case withoutSegment(host: String, StoreError)
  /// Neither way worked.
  indirect case neither(socket: StoreError, segment: StoreError)

  /// Whether there is nothing at the other end: no file, or nobody who listens.
  package var isAbsence: Bool {
    switch self {
    case .noListener, .nobodyAt: true
    case .far(_, let failure): [66, 69].contains(failure.status)
    case .withoutSegment(_, let reason): reason.isAbsence
    case .system(let error, _): error.isAbsence
    case .neither(let socket, let segment): socket.isAbsence && (segment.isAbsence || segment.isLasting)
    default: false
    }
  }

  /// Whether somebody listens whose queue is full: there may be a place at any moment.
  package var isBusy: Bool {
    if case .system(let error, _) = self { error.isBusy } else { false }
  }

  /// Whether trying again a moment later is of no use.
  package var isLasting: Bool {
    switch self {
    case .foreignPeer, .notOurProtocol, .refusedRequest, .otherRecordVersion, .otherSegmentVersion, .notASegment,
      .refused, .notATarget, .unknownFile, .badTarget, .noFarProgram, .noRelay, .otherRelay, .cannotForward, .on,
      .ssh(_, .noClient), .ssh(_, .needsAnswer):
      true
    case .far(_, let failure): [64, 65, 76, 77].contains(failure.status)
    case .withoutSegment(_, let reason): reason.isLasting
    case .system(let error, _): error.isPermission
    case .neither(let socket, let segment): socket.isLasting && segment.isLasting
    default: false
    }
  }
}

/// Why a file or directory is not trusted.
package enum Refusal: Equatable, Sendable {
  /// It is a symbolic link.
  case symbolicLink
  /// It is not a directory.
  case notADirectory
  /// It belongs to somebody else.
  case foreignOwner(UInt32)
  /// Others than its owner can write to it; its mode.
  case writableByOthers(mode: UInt32)
}
