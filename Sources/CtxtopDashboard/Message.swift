// What can happen to the dashboard, and what it can ask for. Both are values: the run loop turns events into
// messages and performs effects, `update` does neither.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

/// Something that happened.
package enum Message: Sendable {
  /// A snapshot arrived.
  case snapshot(Snapshot)
  /// A snapshot of several targets arrived, with what it is to be compared with.
  case snapshots(Fleet.Pair)
  /// The source changed.
  case source(SourceState)
  /// A key was pressed.
  case key(Key)
  /// It is so late now: nanoseconds of the operator's monotonic clock. Sent before every other message of a
  /// turn of the run loop.
  case tick(UInt64)
  /// The terminal has this size now.
  case resize(Size)
  /// One line for the operator.
  case notice(String)
  /// Why nothing comes, as one line, or nil: something comes again; `target`: from where, where several are watched.
  case loss(String?, target: String? = nil)
  /// This recording is shown, instead of a live service.
  case recording(Outline)
  /// Records were appended to it.
  case recordingGrew(Outline)
  /// The record of an index, which was asked for, and the one that it is compared with.
  case record(Int, now: Snapshot, earlier: Snapshot?)
  /// The same of a document, with what it says was concluded; nil: it says nothing.
  case document(Int, now: Snapshot, judgement: Judgement?)
  /// A record that `State.wantedPast` names; nil: it cannot be read.
  case pastRecord(Int, now: Snapshot?, earlier: Snapshot?)
  /// A record that was asked for cannot be read, and why.
  case unreadable(Int, String)
  /// How far the recording is that is being made; nil: none is any more.
  case recorded(SavedRecords?)
  /// A worker is not replaced, and why; nil: none may be replaced at all.
  case refused(String, pid: Int32? = nil, target: String? = nil)
}

/// Something that the run loop shall do.
package enum Effect: Equatable, Sendable {
  /// End the program.
  case quit
  /// Leave the screen to let ssh ask what it has to ask, and come back.
  case answer
  /// Paint the whole screen anew: something else may have written on it.
  case redraw
  /// Ask the source for a snapshot every so many milliseconds.
  case setInterval(Int)
  /// Find out whether workers may be replaced, and send `refused` if not; `target`: whose, where several are watched.
  case askForControl(target: String? = nil)
  /// Ask the app's server to replace a worker; `target`: whose, where several are watched.
  case recycle(pid: Int32, target: String? = nil)
  /// Write what is shown to a file, and say which.
  case writeSnapshot
  /// Send the record of an index of the recording.
  case showRecord(Int)
  /// Begin to write what comes into a recording.
  case startRecording
  /// End that recording.
  case stopRecording
  /// Give a text to the terminal's clipboard.
  case copy(String)
}

/// Where snapshots come from at the moment, and how well that goes.
package enum SourceState: Equatable, Sendable {
  /// Not yet anywhere.
  case connecting
  /// The exporter answers.
  case live
  /// No worker answers: the segment is read directly.
  case segment
  /// Lost, and tried again, since that time of the operator's monotonic clock.
  case reconnecting(since: UInt64)
  /// Lost since that time, and only somebody who answers ssh can bring it back.
  case needsAttention(since: UInt64)
}
