// What it means to the user that a recording cannot be read or written.

import CtxtopStore

extension Failure {
  /// Why a recording cannot be read or written.
  init(_ error: RecordingError) {
    switch error {
    case .system(let error, let path):
      if error.isNoRoom {
        self.init("writing \(path)", error.description, "make room, or choose another file", .inputOutput)
      } else {
        self.init("opening \(path)", error.description, "check the path, and whether you may use it", .noInput)
      }
    case .notARecording(let path), .unfinished(let path):
      self.init("reading \(path)", "it is no recording", "give a file that ctxtop has recorded", .badData)
    case .otherVersion(let path, let version):
      self.init(
        "reading \(path)", "it is a recording of version \(version)", "use the ctxtop that recorded it", .badData)
    case .otherService(let path, let service, let wanted):
      self.init("writing \(path)", "it is a recording of \(service), not of \(wanted)", "choose another file", .usage)
    case .inUse(let path):
      self.init("writing \(path)", "somebody else writes to it", "choose another file", .cannotCreate)
    case .damaged(let path, let reason):
      self.init("reading \(path)", reason, "what lies before and behind it can be read", .badData)
    case .full(let path):
      self.init("writing \(path)", "it has as many records as a recording may have", "begin another one", .inputOutput)
    case .noSuchRecord(let path):
      self.init("reading \(path)", "there is no such record in it", "choose another time", .noInput)
    case .notARecord(let error):
      self.init("recording", "what came is damaged: \(error)", "see the app's log", .badData)
    case .compression(let path):
      self.init("compressing for \(path)", "there is not enough memory", "try again", .system)
    }
  }
}
