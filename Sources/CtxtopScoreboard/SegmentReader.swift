// Reads a segment from outside with pread, so that a truncated file is an error and not a signal.

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// Why a segment could not be read.
package enum SegmentError: Error, Equatable {
  /// A system call failed: its name and errno.
  case system(StaticStringName, Int32)
  /// The file is not a segment.
  case notASegment
  /// The segment has another layout version than this program.
  case otherVersion(UInt32)
  /// The file is shorter than its header says, or its header contradicts itself.
  case malformed
}

/// The name of a system call.
package enum StaticStringName: Equatable { case open, fstat, pread, fcntl }

/// A segment file, opened for reading.
package struct SegmentReader: ~Copyable {
  /// Opens the segment at `path` and checks its header.
  package init(path: String) throws(SegmentError) { throw .notASegment }

  /// One pass over all slots. `liveness` and the kernel's facts are asked while doing so.
  package mutating func snapshot() throws(SegmentError) -> Snapshot { throw .malformed }
}
