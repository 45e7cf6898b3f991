// One request to an exporter that is answered by a line of text, and not by a record.

import Glibc

/// Asks an exporter once.
package enum TextRequest {
  /// An answer is never longer than this.
  private static let limit = 1024

  /// Sends `request` as a line; the answer without its newline, and without what is not to be printed. Waits no
  /// longer than `patience` nanoseconds.
  package static func ask(
    _ endpoint: Endpoint, _ request: String, patience: UInt64 = SnapshotClient.patience
  ) throws(StoreError) -> String {
    guard let path = endpoint.socketPath else { throw .noListener(endpoint.name) }
    let descriptor: Int32
    do {
      descriptor = try System.connect(to: path)
    } catch {
      throw error.isRefusal ? .noListener(path) : .system(error, path: path)
    }
    defer { System.close(descriptor) }
    do {
      let owner = try System.peerOwner(descriptor)
      guard endpoint.trusts(owner) else { throw StoreError.foreignPeer(path: path, owner: owner) }
      // A new connection takes a few bytes at once, or never.
      let line = Array((request + "\n").utf8)
      guard try System.send(descriptor, line) == line.count else { throw StoreError.silent(path) }
      return try answer(descriptor, path, until: System.monotonicTime() &+ patience)
    } catch let error as SystemError {
      throw error.isBrokenPipe ? .closed(path) : .system(error, path: path)
    } catch let error as StoreError {
      throw error
    } catch {
      throw .silent(path)
    }
  }

  private static func answer(_ descriptor: Int32, _ path: String, until deadline: UInt64) throws -> String {
    var bytes: [UInt8] = []
    while true {
      if let end = bytes.firstIndex(of: 10) { return String(decoding: bytes[..<end], as: UTF8.self) }
      if bytes.count > limit { throw StoreError.notOurProtocol(path) }
      let now = System.monotonicTime()
      if now >= deadline { throw StoreError.silent(path) }
      if try System.poll([PollRequest(descriptor: descriptor)], timeout: deadline - now).isEmpty { continue }
      guard let count = try System.read(descriptor, into: &bytes, limit: limit) else { continue }
      if count == 0 { throw StoreError.closed(path) }
    }
  }
}
