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
#endif

/// A connected client. Agent's thread only.
struct ExporterClient {
  /// A request line is never longer than this.
  private static let lineLimit = 128
  private static let shortestInterval: UInt64 = 50_000_000
  private static let longestInterval: UInt64 = 3_600_000_000_000

  /// What it may ask for.
  enum Level {
    /// To look.
    case read
    /// To have a worker replaced, besides.
    case control
  }

  /// What is to be answered now.
  enum Request {
    case record
    case json
    case text(StaticString)
    case recycle(UInt64)
  }

  let descriptor: Int32
  /// Last time that it asked or took something.
  private(set) var lastProgress: UInt64
  var isFinished = false
  private var line: [UInt8] = []
  private var outbox: [UInt8] = []
  private var sent = 0
  private var closesWhenSent = false
  private var interval: UInt64?
  private var nextRecord: UInt64 = 0
  private var hasHungUp = false
  private let level: Level

  init(_ descriptor: Int32, level: Level, at now: UInt64) {
    self.descriptor = descriptor
    self.level = level
    lastProgress = now
  }

  private var isSending: Bool { sent < outbox.count }

  var pollEvents: Int16 {
    // Who does not take its answer is not asked what else it wants.
    if isSending { return Int16(POLLOUT) }
    return closesWhenSent || hasHungUp ? 0 : Int16(POLLIN)
  }

  /// Whether it keeps us waiting: with an answer it does not take, or by never asking.
  var isStuck: Bool { isSending || interval == nil }

  func nextDue(silence: UInt64) -> UInt64 {
    let patience = lastProgress &+ silence &+ 1
    guard interval != nil, !isSending else { return patience }
    return nextRecord
  }

  /// Reads what came.
  mutating func receive(_ events: Int16, at now: UInt64) {
    if events & Int16(POLLERR | POLLNVAL) != 0 {
      isFinished = true
      return
    }
    guard events & Int16(POLLIN | POLLHUP) != 0, !closesWhenSent, !hasHungUp else { return }
    var buffer: InlineArray<256, UInt8> = InlineArray(repeating: 0)
    let count = withUnsafeMutableBytes(of: &buffer) { recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
    if count < 0 {
      if ctxtop_errno() != EAGAIN && ctxtop_errno() != EINTR { isFinished = true }
      return
    }
    if count == 0 {
      // It will ask no more; what it asked is still answered, even without its newline. A subscription ends.
      hasHungUp = true
      if let last = line.last, last != 10 { line.append(10) }
      if !isSending, line.isEmpty || interval != nil { isFinished = true }
      return
    }
    lastProgress = now
    for index in 0..<count where line.count < Self.lineLimit * 4 { line.append(buffer[index]) }
  }

  /// The next thing to answer, if the last answer is gone; nil: nothing for now.
  mutating func takeRequest(at now: UInt64) -> Request? {
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

  private mutating func nextLine(at now: UInt64) -> Request? {
    guard let end = line.firstIndex(of: 10) else {
      return line.count > Self.lineLimit ? .text("error: a request is one short line; try help\n") : nil
    }
    var words = line[..<end]
    line = Array(line[(end + 1)...])
    if words.last == 13 { words = words.dropLast() }
    return parse(words, at: now)
  }

  private mutating func parse(_ request: ArraySlice<UInt8>, at now: UInt64) -> Request? {
    if Self.isWord(request, "snapshot") { return .record }
    if Self.isWord(request, "json") { return .json }
    if Self.isWord(request, "help") { return .text(Self.help) }
    if Self.begins(request, with: "watch "), let milliseconds = Self.number(request.dropFirst(6)) {
      interval = min(max(milliseconds &* 1_000_000, Self.shortestInterval), Self.longestInterval)
      nextRecord = now
      return nil
    }
    if Self.begins(request, with: "recycle "), let pid = Self.number(request.dropFirst(8)) {
      if level == .control { return .recycle(pid) }
      return .text(
        Agent.configuration.isControlled
          ? "refused: you may only look; root, the app's own user and members of CTXTOP_GROUP may do this\n"
          : "refused: the app is not to be controlled; CTXTOP_CONTROL=1 in its configuration allows it\n")
    }
    return .text("error: unknown request; try help\n")
  }

  private static func isWord(_ request: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
    request.count == word.utf8CodeUnitCount && begins(request, with: word)
  }

  @inline(never)
  private static func begins(_ request: ArraySlice<UInt8>, with word: StaticString) -> Bool {
    guard request.count >= word.utf8CodeUnitCount else { return false }
    for index in 0..<word.utf8CodeUnitCount
    where request[request.startIndex + index] != word.utf8Start[index] { return false }
    return true
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 9 else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard digit >= 48, digit <= 57 else { return nil }
      value = value &* 10 &+ UInt64(digit &- 48)
    }
    return value
  }

  /// Takes the last answer to send, a text.
  @inline(never)
  mutating func send(_ text: StaticString, at now: UInt64) {
    let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    send([UInt8](bytes), at: now, andClose: true)
  }

  /// Takes an answer to send.
  mutating func send(_ bytes: [UInt8], at now: UInt64, andClose: Bool = false) {
    outbox = bytes
    sent = 0
    closesWhenSent = andClose
    flush(at: now)
  }

  /// Sends as much as the client takes without waiting.
  mutating func flush(at now: UInt64) {
    while isSending {
      let count = outbox.withUnsafeBytes { bytes in
        CCtxtop.send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
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
    outbox = []
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
