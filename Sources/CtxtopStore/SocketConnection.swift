// One connection to an exporter, from connect to close.

import CtxtopSnapshot

/// A connected, non-blocking socket whose peer was checked, with the records that arrive on it.
final class SocketConnection {
  /// Bytes taken from the socket at once.
  private static let readSize = 65_536
  /// Reads at a stretch, so that a fast peer cannot keep the loop from the keyboard.
  private static let readLimit = 16

  /// The socket.
  let descriptor: Int32
  /// When it was connected (monotonic).
  let opened: UInt64
  private let path: String
  private var unsent: [UInt8]
  private var stream: RecordStream

  /// Connects to the endpoint's socket, checks who listens, and asks for `request`.
  init(_ endpoint: Endpoint, path: String, request: String, now: UInt64) throws(StoreError) {
    self.path = path
    opened = now
    unsent = Array(request.utf8)
    stream = RecordStream(path: path)
    do {
      descriptor = try System.connect(to: path)
    } catch {
      throw error.isRefusal ? .noListener(path) : .system(error, path: path)
    }
    let owner = try perform { () throws(SystemError) in try System.peerOwner(descriptor) }
    guard endpoint.trusts(owner) else { throw .foreignPeer(path: path, owner: owner) }
    try perform(flush)
  }

  deinit { System.close(descriptor) }

  /// Whether the request is not out yet.
  var isSending: Bool { !unsent.isEmpty }
  /// Whether a record has begun and not ended.
  var isInsideRecord: Bool { stream.isInsideRecord }

  /// Passes on the next snapshot that has arrived, on request with its bytes; there may be more. Throws at the end of
  /// the connection.
  func receive(keepingRecords: Bool, _ deliver: (Snapshot, [UInt8]?) -> Void) throws(StoreError) {
    stream.keepsRecord = keepingRecords
    if isSending { try perform(flush) }
    for _ in 0..<Self.readLimit {
      if let snapshot = try stream.next() { return deliver(snapshot, stream.record) }
      guard let count = try perform(readSome) else { return }
      if count == 0 { throw stream.ended(by: .closed(path)) }
    }
    if let snapshot = try stream.next() { deliver(snapshot, stream.record) }
  }

  /// What it means that the time is up.
  func timedOut() -> StoreError { stream.ended(by: .silent(path)) }

  /// Whoever has hung up already may have said why: that is still to be read, and then the end.
  private func flush() throws(SystemError) {
    do {
      unsent.removeFirst(try System.send(descriptor, unsent))
    } catch {
      guard error.isBrokenPipe else { throw error }
      unsent = []
    }
  }

  private func readSome() throws(SystemError) -> Int? {
    try stream.fill { (buffer) throws(SystemError) in
      try System.read(descriptor, into: &buffer, limit: Self.readSize)
    }
  }

  private func perform<Result>(_ body: () throws(SystemError) -> Result) throws(StoreError) -> Result {
    do {
      return try body()
    } catch {
      throw error.isBrokenPipe ? stream.ended(by: .closed(path)) : .system(error, path: path)
    }
  }
}
