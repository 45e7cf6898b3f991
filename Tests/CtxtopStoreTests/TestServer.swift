// A small exporter for tests: a real Unix socket, a thread, and a script that plays the server's part.

import CtxtopSnapshot
import CtxtopStore
import Glibc
import Testing

/// A directory that is gone when the test is.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/ctxtop-test-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template))
    path = String(cString: made)
  }

  deinit {
    for name in (try? System.names(in: path)) ?? [] { remove(path + "/" + name) }
    rmdir(path)
  }

  /// A file of the given content in the directory.
  func file(_ name: String, _ content: String = "") throws -> String {
    let path = path + "/" + name
    let descriptor = try System.open(path, O_CREAT | O_WRONLY | O_TRUNC, mode: 0o600)
    defer { System.close(descriptor) }
    try System.write(descriptor, Array(content.utf8))
    return path
  }
}

/// The server's end of one connection.
struct ServerConnection {
  let descriptor: Int32
  /// 0 for the first connection that the server accepted.
  let number: Int

  /// The request line, without its newline.
  func request() -> String {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(descriptor, &byte, 1) == 1, byte != 10 { line.append(byte) }
    return String(decoding: line, as: UTF8.self)
  }

  func send(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Holds the connection open until the client closes it.
  func waitForEnd() {
    var byte: UInt8 = 0
    while read(descriptor, &byte, 1) > 0 {}
  }
}

/// Listens at a path and serves one connection after the other, each as the script says.
final class TestServer: @unchecked Sendable {
  let path: String
  private let listener: Int32
  private let serve: @Sendable (ServerConnection) -> Void
  private var thread = pthread_t()

  init(_ path: String, serve: @escaping @Sendable (ServerConnection) -> Void) throws {
    self.path = path
    self.serve = serve
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = try System.socketAddress(path)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 8) == 0)
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        Unmanaged<TestServer>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context)
  }

  /// Stops listening, and waits until the last connection is served.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    pthread_join(thread, nil)
    close(listener)
  }

  private func run() {
    var number = 0
    while true {
      let descriptor = accept(listener, nil, nil)
      guard descriptor >= 0 else { return }
      serve(ServerConnection(descriptor: descriptor, number: number))
      close(descriptor)
      number += 1
    }
  }
}

/// A snapshot that can be told from others by its time.
func snapshot(at time: UInt64, service: String = "shop") -> Snapshot {
  var snapshot = Snapshot(service: service, host: "prod-3", wallTime: 1, monotonicTime: time)
  snapshot.workers = [Worker(slot: 0, generation: 1, pid: 4312)]
  return snapshot
}

/// The record of such a snapshot.
func record(at time: UInt64) -> [UInt8] { RecordEncoder.encode(snapshot(at: time)) }

/// Advances a source as the program does, until `isEnough` holds for all its events; 5 s at most.
func events(
  of source: some SnapshotSource, until isEnough: ([SourceEvent]) -> Bool
) throws -> [SourceEvent] {
  var events: [SourceEvent] = []
  let deadline = System.monotonicTime() + 5_000_000_000
  while true {
    events += source.advance(now: System.monotonicTime())
    if isEnough(events) { return events }
    try #require(System.monotonicTime() < deadline, "no end after \(events)")
    _ = try SnapshotClient.wait(for: [source], until: deadline)
  }
}

extension [SourceEvent] {
  /// The times of the snapshots in it.
  var times: [UInt64] {
    compactMap { if case .snapshot(let snapshot) = $0 { snapshot.monotonicTime } else { nil } }
  }
  /// The states in it.
  var states: [SourceState] {
    compactMap { if case .state(let state) = $0 { state } else { nil } }
  }
  /// Why connections were lost.
  var reasons: [StoreError] {
    states.compactMap { if case .reconnecting(_, let reason) = $0 { reason } else { nil } }
  }
}
