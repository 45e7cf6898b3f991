// Segment and lock file of a service, opened together and remembered as ours.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// Both files, open.
package struct ServiceFiles: Sendable {
  package let segment: SegmentFile
  package let lock: LockFile

  /// Both, open already.
  package init(segment: SegmentFile, lock: LockFile) {
    self.segment = segment
    self.lock = lock
  }

  /// Opens both, making what is not there. `kept`: the lock file is open already, and must not be opened twice.
  @inline(never)
  init(in directory: Path, stem: String, mode: FileMode, keeping kept: LockFile? = nil) throws(SystemFailure) {
    let segment = try SegmentFile.open(in: directory, stem: stem, mode: mode)
    self.segment = segment
    do throws(SystemFailure) {
      try Self.remember(segment.descriptor)
      if let kept {
        lock = kept
      } else {
        lock = try LockFile(in: directory, stem: stem, mode: mode)
        try Self.remember(lock.descriptor)
      }
    } catch {
      OwnedDescriptors.close(segment.descriptor)
      munmap(segment.header.base, CTXTOP_PAGE_BYTES)
      throw error
    }
  }

  /// Closes what is still ours of both, and is not also among the two that stay open.
  @inline(never)
  func close(exceptLock keptLock: Int32 = -1, segment kept: Int32 = -1) {
    if lock.descriptor != keptLock { OwnedDescriptors.close(lock.descriptor) }
    if segment.descriptor != kept { OwnedDescriptors.close(segment.descriptor) }
    munmap(segment.header.base, CTXTOP_PAGE_BYTES)
  }

  private static func remember(_ descriptor: Int32) throws(SystemFailure) {
    if OwnedDescriptors.add(descriptor) { return }
    _ = CCtxtop.close(descriptor)
    throw SystemFailure("keeping segment and lock file open", EMFILE)
  }
}
