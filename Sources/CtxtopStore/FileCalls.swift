// The system calls for a file that is read and written at places: a recording. A part of Syscalls.swift, with the
// same manners.

import Glibc

extension SystemError {
  /// Whether there was no room for what should be written: on the disk, in the quota, or in a file of greatest size.
  package var isNoRoom: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
}

extension System {
  /// `fstat`: kind, owner, identity, and how many bytes a file has.
  static func size(of descriptor: Int32) throws(SystemError) -> (status: FileStatus, byteCount: UInt64) {
    var raw = stat()
    _ = try value("fstat") { fstat(descriptor, &raw) }
    return (FileStatus(raw), UInt64(max(0, raw.st_size)))
  }

  /// `pread` of up to `count` bytes; fewer only where the file ends.
  static func read(_ descriptor: Int32, at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(SystemError) {
        filled = try read(descriptor, at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// `pread` into a buffer; how many bytes there were: fewer than fit only where the file ends.
  static func read(
    _ descriptor: Int32, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    guard let start = buffer.baseAddress, let place = off_t(exactly: offset) else { return 0 }
    var done = 0
    while done < buffer.count {
      let count = try value("pread") { pread(descriptor, start + done, buffer.count - done, place + off_t(done)) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// `pwrite` of all bytes.
  static func write(_ descriptor: Int32, _ bytes: [UInt8], at offset: UInt64) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      done += try value("pwrite") {
        bytes.withUnsafeBytes {
          pwrite(descriptor, $0.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
        }
      }
    }
  }

  /// `ftruncate`.
  static func truncate(_ descriptor: Int32, to length: UInt64) throws(SystemError) {
    _ = try value("ftruncate") { ftruncate(descriptor, off_t(length)) }
  }

  /// `fdatasync`, where the file can be synchronised at all.
  static func synchronizeData(_ descriptor: Int32) throws(SystemError) {
    guard fdatasync(descriptor) == 0 || errno == EINVAL || errno == EROFS else { throw SystemError("fdatasync", errno) }
  }

  /// `flock`: the file becomes this descriptor's alone, as far as others ask for it as well; false: it is another's.
  static func lock(_ descriptor: Int32) throws(SystemError) -> Bool {
    do {
      _ = try value("flock") { flock(descriptor, LOCK_EX | LOCK_NB) }
      return true
    } catch {
      if error.code == EWOULDBLOCK { return false }
      throw error
    }
  }

  /// Gives a file back that `lock` took.
  static func unlock(_ descriptor: Int32) { _ = flock(descriptor, LOCK_UN) }

  /// Nanoseconds since 1970, UTC.
  package static func wallTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// A number that nobody can guess.
  static func randomNumber() -> UInt64 { UInt64.random(in: .min ... .max) }
}
