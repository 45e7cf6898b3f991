// One client of the exporter: its half-read request line, its unsent answer, its subscription.
//
//   snapshot          one record; the connection stays open for more requests
//   watch <ms>        a record at once and then every <ms>, until either side closes
//   json              one JSON document and a newline, then the connection closes
//   recycle <pid>     one line: ok, or refused and why; then the connection closes
//   help              this list, then the connection closes

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

/// A connected client. Agent's thread only. An object: many places change it, and each would copy a struct.
package final class ExporterClient {
  /// A request line is never longer than this.
  private static let lineLimit = 128
  /// So much of what it says at once is kept.
  private static let lineCapacity = 4 * lineLimit
  private static let shortestInterval: UInt64 = 50_000_000
  private static let longestInterval: UInt64 = 3_600_000_000_000

  /// What it may ask for.
  package enum Level {
    /// To look, as anybody: the app is not to be controlled.
    case uncontrolled
    /// To look.
    case read
    /// To have a worker replaced, besides.
    case control
  }

  /// What is to be answered now.
  package enum Request {
    case record
    case json
    case text(StaticString)
    case recycle(UInt64)
  }

  package let descriptor: Int32
  let level: Level
  /// Its user, as the kernel recorded it.
  let user: UInt32
  /// The process at the other end; 0: it cannot be seen from here.
  let peer: Int32
  /// How many connections that process has; of somebody else's than root's or our own user's, many more.
  var share: Int
  /// What is known to have happened on its descriptor. Who has just come has mostly asked already.
  var events = Int16(POLLIN)
  /// Last time that it asked or took something.
  private(set) var lastProgress: UInt64
  package var isFinished = false
  /// What it has said and was not yet answered.
  private let line = UnsafeMutablePointer<UInt8>.allocate(capacity: lineCapacity)
  private var lineCount = 0
  private var outbox: Bytes?
  private var sent = 0
  private var closesWhenSent = false
  private var interval: UInt64?
  private var nextRecord: UInt64 = 0
  private var hasHungUp = false

  package init(_ descriptor: Int32, level: Level, user: UInt32 = 0, peer: Int32 = 0, share: Int = 1, at now: UInt64) {
    self.descriptor = descriptor
    self.level = level
    self.user = user
    self.peer = peer
    self.share = share
    lastProgress = now
  }

  deinit { line.deallocate() }

  /// Bytes of its answer that it has not taken.
  var waiting: Int { (outbox?.count ?? 0) &- sent }

  private var isSending: Bool { waiting > 0 }

  package var pollEvents: Int16 {
    // Who does not take its answer is not asked what else it wants.
    if isSending { return Int16(POLLOUT) }
    return closesWhenSent || hasHungUp ? 0 : Int16(POLLIN)
  }

  /// Whether it keeps us waiting: with an answer it does not take, or by never asking.
  var isStuck: Bool { isSending || interval == nil }

  package func nextDue(silence: UInt64) -> UInt64 {
    let patience = lastProgress &+ silence &+ 1
    guard interval != nil, !isSending else { return patience }
    return nextRecord
  }

  /// Reads what came.
  package func receive(_ events: Int16, at now: UInt64) {
    if events & Int16(POLLERR | POLLNVAL) != 0 {
      isFinished = true
      return
    }
    guard events & Int16(POLLIN | POLLHUP) != 0, !closesWhenSent, !hasHungUp else { return }
    let room = min(Self.lineCapacity &- lineCount &- 1, 256)
    if room < 1 { return }
    let count = recv(descriptor, line + lineCount, room, Int32(MSG_DONTWAIT))
    if count < 0 {
      if ctxtop_errno() != EAGAIN && ctxtop_errno() != EINTR { isFinished = true }
      return
    }
    if count == 0 {
      // It will ask no more; what it asked is still answered, even without its newline. A subscription ends.
      hasHungUp = true
      if lineCount > 0, line[lineCount &- 1] != 10 { add(10) }
      if !isSending, lineCount == 0 || interval != nil { isFinished = true }
      return
    }
    lastProgress = now
    lineCount &+= count
  }

  private func add(_ byte: UInt8) {
    line[lineCount] = byte
    lineCount &+= 1
  }

  /// The next thing to answer, if the last answer is gone; nil: nothing for now.
  package func takeRequest(at now: UInt64) -> Request? {
    if isFinished || closesWhenSent || isSending { return nil }
    if let request = nextLine(at: now) { return request }
    if let interval, !hasHungUp, now >= nextRecord {
      // A client that was too slow for its interval skips records; it never gets them late.
      nextRecord = nextRecord &+ interval > now ? nextRecord &+ interval : now &+ interval
      return .record
    }
    if hasHungUp { isFinished = true }
    return nil
  }

  private func nextLine(at now: UInt64) -> Request? {
    var end = 0
    while end < lineCount, line[end] != 10 { end &+= 1 }
    if end == lineCount { return end > Self.lineLimit ? .text("error: a request is one short line; try help\n") : nil }
    let length = end > 0 && line[end &- 1] == 13 ? end &- 1 : end
    let request = parse(UnsafeBufferPointer(start: line, count: length), at: now)
    lineCount &-= end &+ 1
    memmove(line, line + (end &+ 1), lineCount)
    return request
  }

  private func parse(_ request: UnsafeBufferPointer<UInt8>, at now: UInt64) -> Request? {
    if Self.isWord(request, "snapshot") { return .record }
    if Self.isWord(request, "json") { return .json }
    if Self.isWord(request, "help") { return .text(Self.help) }
    if let milliseconds = Self.number(in: request, after: "watch ") {
      interval = min(max(milliseconds &* 1_000_000, Self.shortestInterval), Self.longestInterval)
      nextRecord = now
      return nil
    }
    if let pid = Self.number(in: request, after: "recycle ") { return .recycle(pid) }
    return .text("error: unknown request; try help\n")
  }

  private static func isWord(_ request: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    request.count == word.utf8CodeUnitCount && begins(request, with: word)
  }

  private static func begins(_ request: UnsafeBufferPointer<UInt8>, with word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    return request.count >= length && (length == 0 || memcmp(request.baseAddress!, word.utf8Start, length) == 0)
  }

  /// The number of at most nine digits that is all that follows a word.
  private static func number(in request: UnsafeBufferPointer<UInt8>, after word: StaticString) -> UInt64? {
    let start = word.utf8CodeUnitCount
    guard begins(request, with: word), request.count > start, request.count <= start &+ 9 else { return nil }
    var value: UInt64 = 0
    for index in start..<request.count {
      let digit = request[index]
      guard digit >= 48, digit <= 57 else { return nil }
      value = value &* 10 &+ UInt64(digit &- 48)
    }
    return value
  }

  /// Takes the last answer to send, a text.
  @inline(never)
  package func send(_ text: StaticString, at now: UInt64) {
    let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    send(Bytes(bytes), at: now, andClose: true)
  }

  /// Takes an answer to send.
  package func send(_ bytes: Bytes, at now: UInt64, andClose: Bool = false) {
    outbox = bytes
    sent = 0
    closesWhenSent = andClose
    flush(at: now)
  }

  /// Sends as much as the client takes without waiting.
  package func flush(at now: UInt64) {
    while let outbox, isSending {
      let count = outbox.withBytes(from: sent) { bytes in
        CCtxtop.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
      if count > 0 {
        sent += count
        lastProgress = now
        continue
      }
      if count < 0, ctxtop_errno() == EINTR { continue }
      if count < 0, ctxtop_errno() == EAGAIN { return }
      isFinished = true
      return
    }
    outbox = nil
    sent = 0
    if closesWhenSent { isFinished = true }
  }

  private static let help: StaticString = """
    snapshot       one binary record of all workers
    watch <ms>     such a record at once and then every <ms> milliseconds
    json           one JSON document (schema ctxtop.snapshot/1)
    recycle <pid>  have the server replace one worker gracefully (control level)
    help           this text

    """
}
