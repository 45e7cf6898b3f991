// What can be wrong with a recording. How it reads to a human is decided in the executable.

import CtxtopSnapshot

/// Why a recording cannot be read or written.
package enum RecordingError: Error, Equatable, Sendable {
  /// A system call on the file failed.
  case system(SystemError, path: String)
  /// The file is something else.
  case notARecording(String)
  /// The file ends within its head: a recording that was never begun.
  case unfinished(String)
  /// A recording of a version that this program does not read.
  case otherVersion(String, version: Int)
  /// The recording is of another service.
  case otherService(String, service: String, wanted: String)
  /// Somebody else is writing to it.
  case inUse(String)
  /// What was asked for cannot be read; what does not hold.
  case damaged(String, String)
  /// It has as many records as a recording may have.
  case full(String)
  /// There is no record of this number.
  case noSuchRecord(String)
  /// What should be recorded is no record.
  case notARecord(RecordError)
  /// The library for compression failed: there is not enough memory.
  case compression(String)

  /// Whether there was no room: it may be tried again later.
  package var isNoRoom: Bool {
    if case .system(let error, _) = self { return error.isNoRoom }
    return false
  }
}
