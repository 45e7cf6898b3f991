// What a relay writes to whoever called it. The way there may be slow: then records are left out, never kept.

import CtxtopStore
import Glibc

/// Standard output of a relay: lines, and the latest record.
final class RelayOutput {
  /// Lines that wait; more come only from an app that is lost and found all the time.
  private static let lineLimit = 64
  /// What a pipe takes without waiting once it takes anything.
  private static let chunk = 4096
  /// Whoever does not read for so long at the end is not waited for.
  private static let patience: UInt64 = 5_000_000_000

  private var sending: [UInt8] = []
  private var sent = 0
  private var lines: [[UInt8]] = []
  private var record: [UInt8]?

  /// Says which ctxtop this is.
  func begin(version: String) throws {
    lines.append(Array((RelayWord.greeting(of: version) + "\n").utf8))
    try flush()
  }

  /// Ready when more can be written; nothing while there is nothing to write.
  var pollRequests: [PollRequest] {
    hasWork ? [PollRequest(descriptor: STDOUT_FILENO, writes: true)] : []
  }

  private var hasWork: Bool { sent < sending.count || !lines.isEmpty || record != nil }

  /// Says a word, before a record that waits.
  func tell(_ word: RelayWord) {
    if lines.count >= Self.lineLimit { lines.removeFirst() }
    lines.append(Array((word.line + "\n").utf8))
  }

  /// Sends a record, in the place of one that still waits.
  func send(_ record: [UInt8]) { self.record = record }

  /// Writes as much as can be written without waiting.
  func flush() throws {
    while hasWork {
      if sent == sending.count { takeNext() }
      guard try canWrite(within: 0) else { return }
      try write()
    }
  }

  /// Writes what is left.
  func finish() throws {
    let end = System.monotonicTime() &+ Self.patience
    while hasWork {
      if sent == sending.count { takeNext() }
      let now = System.monotonicTime()
      guard now < end, try canWrite(within: end - now) else { return }
      try write()
    }
  }

  private func takeNext() {
    sent = 0
    if lines.isEmpty {
      sending = record ?? []
      record = nil
    } else {
      sending = lines.removeFirst()
    }
  }

  private func canWrite(within time: UInt64) throws -> Bool {
    do {
      return try !System.poll([PollRequest(descriptor: STDOUT_FILENO, writes: true)], timeout: time).isEmpty
    } catch {
      throw Failure("relaying", error.description, "try again", .system)
    }
  }

  /// One write of what surely fits: the descriptor may be one that waits, and shared with others who rely on that.
  private func write() throws {
    let count = min(Self.chunk, sending.count - sent)
    guard count > 0 else { return }
    let written = sending.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress! + sent, count) }
    if written >= 0 {
      sent += written
    } else if errno != EAGAIN && errno != EINTR {
      throw ReaderIsGone()
    }
  }
}
