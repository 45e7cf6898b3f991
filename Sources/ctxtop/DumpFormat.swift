// What `ctxtop dump` makes of snapshots: something to read, or a recording, which is always a file.

import ArgumentParser
import CtxtopReport

/// A format of the dump.
enum DumpFormat: ExpressibleByArgument, Equatable {
  case report(ReportFormat)
  case recording

  init?(argument: String) {
    if argument == "recording" {
      self = .recording
    } else if let format = ReportFormat(rawValue: argument) {
      self = .report(format)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] { ReportFormat.allCases.map(\.rawValue) + ["recording"] }

  var defaultValueDescription: String { name }

  /// As it is written on the command line.
  var name: String {
    switch self {
    case .report(let format): format.rawValue
    case .recording: "recording"
    }
  }
}
