// What it means to the user that a document cannot be read.

import CtxtopReport
import CtxtopSnapshot

extension Failure {
  /// Why a document is none; `file` is where it is.
  init(_ error: DocumentError, in file: String) {
    let remedy = "give JSON that `ctxtop dump` wrote"
    let place = error.place.isEmpty ? "" : "\(error.place) "
    let happened =
      switch error.reason {
      case .tooLong: "a document is longer than \(SnapshotDocument.limit >> 20) MiB"
      case .tooMuch: "a document has more in it than a snapshot can have"
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
}
