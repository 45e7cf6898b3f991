// Directory, segment and lock file of a service, opened together and remembered as ours.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// The directory and both files, open.
package struct ServiceFiles: Sendable {
  /// Which of them are still ours: applications close descriptors, and get their numbers for files of their own.
  struct Held {
    var directory = true
    var segment = true
    var lock = true
  }

  package let directory: RuntimeDirectory
  package let segment: SegmentFile
  package let lock: LockFile

  /// All of them, open already.
  package init(directory: RuntimeDirectory, segment: SegmentFile, lock: LockFile) {
    self.directory = directory
    self.segment = segment
    self.lock = lock
  }

  /// Opens both files, making what is not there, in a directory just opened. `kept`: the lock file is open already, and
  /// must not be opened twice.
  @inline(never)
  init(
    in directory: RuntimeDirectory, stem: String, mode: FileMode, keeping kept: LockFile? = nil
  ) throws(SystemFailure) {
    self.directory = directory
    try Self.remember(directory.descriptor)
    do throws(SystemFailure) {
      segment = try SegmentFile.open(in: directory.descriptor, stem: stem, mode: mode)
    } catch {
      OwnedDescriptors.close(directory.descriptor)
      throw error
    }
    do throws(SystemFailure) {
      try Self.remember(segment.descriptor)
      if let kept {
        lock = kept
      } else {
        lock = try LockFile(in: directory.descriptor, stem: stem, mode: mode)
        try Self.remember(lock.descriptor)
      }
    } catch {
      OwnedDescriptors.close(directory.descriptor)
      OwnedDescriptors.close(segment.descriptor)
      munmap(segment.header.base, CTXTOP_PAGE_BYTES)
      throw error
    }
  }

  /// Which of them are still ours.
  var held: Held {
    Held(
      directory: OwnedDescriptors.isOurs(directory.descriptor), segment: OwnedDescriptors.isOurs(segment.descriptor),
      lock: OwnedDescriptors.isOurs(lock.descriptor))
  }

  /// Closes those that are given up: not a number that was opened again since.
  @inline(never)
  func close(_ given: Held = Held()) {
    if given.lock { OwnedDescriptors.close(lock.descriptor) }
    if given.segment { OwnedDescriptors.close(segment.descriptor) }
    if given.directory { OwnedDescriptors.close(directory.descriptor) }
    munmap(segment.header.base, CTXTOP_PAGE_BYTES)
  }

  private static func remember(_ descriptor: Int32) throws(SystemFailure) {
    if OwnedDescriptors.add(descriptor) { return }
    _ = CCtxtop.close(descriptor)
    throw SystemFailure("keeping the agent's files open", EMFILE)
  }
}
