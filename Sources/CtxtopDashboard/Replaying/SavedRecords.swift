// A recording that is made while one watches: `r` begins it and ends it. The run loop writes; what comes of it is told
// here.

import CtxtopModel
import CtxtopScreen

/// A recording that is being made.
package struct SavedRecords: Equatable, Sendable {
  /// How many records there are in the file.
  package let count: Int
  /// How large the file is.
  package let bytes: Int

  /// So many records, so many bytes.
  package init(count: Int, bytes: Int) {
    self.count = count
    self.bytes = bytes
  }
}

extension State {
  /// Begins a recording, or ends the one that is being made.
  mutating func toggleRecording() -> [Effect] {
    if recording != nil { return [.stopRecording] }
    if let reason = refusal("record") {
      say(reason)
      return []
    }
    guard model != nil else {
      say("there is no snapshot yet")
      return []
    }
    return [.startRecording]
  }

  /// `◉ 340 records 1.2M`.
  var recordingGroup: Strip.Group? {
    guard let recording else { return nil }
    let numbers = size.width < 100 ? "" : " \(Moment.grouped(recording.count)) records"
    let text = "\(look.shapes.recording) rec\(numbers) \(Format.bytes(UInt64(max(0, recording.bytes))))"
    return Strip.Group([Span(text, look[.critical])], weight: 95)
  }
}
