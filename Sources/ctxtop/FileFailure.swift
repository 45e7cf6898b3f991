// What it means to the user that a recording or a document cannot be read.

import CtxtopReport
import CtxtopSnapshot
import CtxtopStore

extension Failure {
  /// Why a document is none; `file` is where it is.
  init(_ error: DocumentError, in file: String) {
    let remedy = "give JSON that `ctxtop dump` wrote"
    let place = error.place.isEmpty ? "" : "\(error.place) "
    let happened =
      switch error.reason {
      case .tooLong: "a document is longer than \(SnapshotDocument.limit >> 20) MiB"
      case .notJSON: "it is not JSON"
      case .otherSchema(let name):
        name.isEmpty
          ? "it is JSON, but not of ctxtop: it has no schema" : "its schema is \(name), not \(SnapshotJSON.schema)"
      case .notA(let kind): "\(place)is not \(kind)"
      case .unknownWord(let word): "\(place)is \(word.debugDescription), which this version does not know"
      case .leadsNowhere: "\(place)is of nothing that is there"
      }
    self.init("reading \(file)", happened, remedy, .badData)
  }

  /// What a failed recording means to the user.
  init(_ error: RecordingError) {
    switch error {
    case .system(let error, let path):
      if error.isNoRoom {
        self.init("writing \(path)", error.description, "make room, or choose another file", .inputOutput)
      } else {
        self.init(error, path)
      }
    case .notARecording(let path):
      self.init("reading \(path)", "it is not a recording", "give a file that `ctxtop record` wrote", .badData)
    case .unfinished(let path):
      self.init("reading \(path)", "it was never begun", "record anew", .badData)
    case .otherVersion(let path, let version):
      self.init(
        "reading \(path)", "it is a recording of version \(version)", "use the ctxtop that recorded it", .badData)
    case .otherService(let path, let service, let wanted):
      self.init(
        "recording \(wanted) in \(path)", "it is a recording of \(service)", "choose another file", .cannotCreate)
    case .inUse(let path):
      self.init("writing \(path)", "somebody else is recording into it", "choose another file", .tryLater)
    case .damaged(let path, let reason):
      self.init("reading \(path)", reason, "choose another time: what is before it can be read", .badData)
    case .full(let path):
      self.init(
        "writing \(path)", "it has as many records as a recording may have", "go on in another file", .inputOutput)
    case .noSuchRecord(let path):
      self.init("reading \(path)", "the record is not there any more", "try again", .badData)
    case .notARecord(let error):
      self.init(
        "recording", "what came is no record (\(error))", "use the ctxtop that belongs to the app's agent", .protocol)
    case .compression(let path):
      self.init("reading \(path)", "there is not enough memory", "free some", .system)
    }
  }
}
