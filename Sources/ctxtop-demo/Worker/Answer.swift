// How a thread answers a request that FlyingFox waits with: at once, or part by part.

import FlyingFox
import FlyingSocks
import FoundationEssentials
import Synchronization

/// The answer to one request. One thread uses it, and answers once.
struct Answer: Sendable {
  private let done: CheckedContinuation<HTTPResponse, Never>

  init(_ done: CheckedContinuation<HTTPResponse, Never>) { self.done = done }

  /// The whole response.
  func send(_ status: Int, _ text: String) {
    done.resume(
      returning: HTTPResponse(statusCode: Self.code(status), headers: Self.headers, body: Data("\(text)\n".utf8)))
  }

  /// The beginning of a response; its parts follow.
  func stream() -> Parts {
    let parts = Parts()
    done.resume(
      returning: HTTPResponse(statusCode: .ok, headers: Self.headers, body: HTTPBodySequence(from: parts.sequence)))
    return parts
  }

  private static let headers: HTTPHeaders = [.contentType: "text/plain; charset=utf-8"]

  private static func code(_ status: Int) -> HTTPStatusCode {
    switch status {
    case 200: .ok
    case 404: .notFound
    case 503: .serviceUnavailable
    default: .internalServerError
    }
  }
}

/// The parts of a response that is sent as it is made.
final class Parts: Sendable {
  fileprivate let sequence: Sequence
  private let continuation: AsyncStream<[UInt8]>.Continuation
  private let gone = Atomic(false)

  fileprivate init() {
    let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
    sequence = Sequence(parts: stream)
    self.continuation = continuation
    continuation.onTermination = { [weak self] reason in
      if case .cancelled = reason { self?.gone.store(true, ordering: .relaxed) }
    }
  }

  /// Whether the reader has gone away.
  var isUnread: Bool { gone.load(ordering: .relaxed) }

  /// Sends a part that is not empty.
  func send(_ text: String) { continuation.yield(Array(text.utf8)) }

  /// There are no more.
  func end() { continuation.finish() }

  /// The form in which FlyingFox takes them.
  fileprivate struct Sequence: AsyncBufferedSequence {
    typealias Element = UInt8
    let parts: AsyncStream<[UInt8]>

    func makeAsyncIterator() -> Iterator { Iterator(parts: parts.makeAsyncIterator()) }

    struct Iterator: AsyncBufferedIteratorProtocol {
      var parts: AsyncStream<[UInt8]>.Iterator

      /// Never asked for: a response is taken in buffers.
      mutating func next() async throws -> UInt8? { nil }

      mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? { await parts.next() }
    }
  }
}
